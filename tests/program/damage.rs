//! Results folders that are not as a run left them.

#[cfg(unix)]
#[test]
fn refuses_pipes_where_records_should_be() {
    use std::fs;
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::{Duration, Instant};

    use crate::setting::{SMALL, Setting};

    let setting = Setting::new();
    setting.write("small.toml", SMALL).expect(0, &["small.toml", "--quiet"]);
    // A watchdog, so that a program that waits for ever fails the test instead of stopping it.
    let ended = |arguments: &[&str]| {
        let (out, err) = (setting.path("stdout"), setting.path("stderr"));
        let mut command = setting.command(arguments);
        command.stdout(Stdio::from(fs::File::create(out).unwrap()));
        command.stderr(Stdio::from(fs::File::create(&err).unwrap()));
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return (status.code(), fs::read_to_string(&err).unwrap());
            }
            if begun.elapsed() > Duration::from_secs(120) {
                child.kill().unwrap();
                return (None, format!("waits for ever: {arguments:?}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
    };
    let records = [
        "plan.toml",
        "published.csv",
        "environment.json",
        "cells/cow/adam/seed-0/cell.toml",
        "cells/cow/adam/seed-0/trace.csv",
        "cells/cow/adam/seed-0/evaluation.toml",
        "cells/cow/adam/seed-0/final.png",
        "cells/cow/adam/seed-0/mask.png",
        "cells/cow/adam/seed-0/frames/000003.png",
    ];
    for record in records {
        let (path, aside) = (setting.path("results/small").join(record), setting.path("aside"));
        let was_there = fs::rename(&path, &aside).is_ok();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        for arguments in [&["report", "results/small"][..], &["compare", "results/small", "results/small"]] {
            let (code, said) = ended(arguments);
            assert!(matches!(code, Some(0 | 1 | 3)), "{record}: {arguments:?}: {code:?}\n{said}");
        }
        fs::remove_file(&path).unwrap();
        if was_there {
            fs::rename(&aside, &path).unwrap();
        }
    }
    assert!(Command::new("mkfifo").arg(setting.path("pipe.toml")).status().unwrap().success());
    let (code, said) = ended(&["pipe.toml"]);
    assert!(code == Some(1) && said.contains("named pipe"), "{code:?}\n{said}");
}
