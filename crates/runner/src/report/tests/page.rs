//! The page.

use std::env;
use std::io::Write as _;
use std::process::Command;

use super::*;

#[test]
fn the_page_shows_everything_and_asks_for_nothing() {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    results.end("bicycle/sgd/seed-0", CellStatus::Diverged { at_step: 41, seconds: 1.0 });
    results.end(
        "cow/adam/seed-0",
        CellStatus::Failed { reason: "out of memory\ncaused by: the <device>".into() },
    );
    build(results.path()).unwrap();
    let page = results.text("report.html");
    assert_eq!(page.matches("class=\"card\"").count(), 24);
    assert_eq!(page.matches("alt=\"Image for ").count(), 22);
    assert!(page.contains("diverged at step 41") && page.contains("caused by: the &lt;device&gt;"));
    assert!(page.contains("default-src &#x27;none&#x27;") || page.contains("default-src 'none'"));
    for address in ["http:", "https:", "src=\"/", "href=\"/", "@import", "url("] {
        assert!(!page.contains(address), "{address}");
    }
    assert!(page.len() < 10_000_000, "{}", page.len());
}

#[test]
fn the_page_escapes_what_it_is_told() {
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)> '";
    let prompts = vec![(hostile.to_owned(), hostile.to_owned())];
    let results = Grid { steps: 10, prompts, ..Grid::table_2() }.write();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    assert_eq!(page.matches("<script>").count(), 1); // its own
    assert!(!page.contains("<img src=x"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
}

/// Runs `tests/page/check.py`, which opens the page in Chromium, if `tests/page/setup` has made it able to; says so if not.
#[test]
fn a_browser_finds_nothing_wrong_with_the_page() {
    let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/page");
    let python = checks.join(".venv/bin/python");
    if !python.is_file() {
        assert!(env::var_os("DREAMBENCH_PAGE_CHECK").is_none(), "tests/page/setup made no {}", python.display());
        // Past the test harness, which shows nothing of a test that passes.
        let _ = writeln!(std::io::stderr(), "\nNOT CHECKED: report.html in a browser (tests/page/setup installs what it takes)\n");
        return;
    }
    let check = |results: &Results, images: &str| {
        build(results.path()).unwrap();
        let mut command = Command::new(&python);
        command.arg(checks.join("check.py")).arg(results.path().join("report.html")).args(["--images", images]);
        if let Some(folder) = env::var_os("DREAMBENCH_SHOTS") {
            command.arg("--shots").arg(Path::new(&folder).join(images));
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let whole = Grid { frames: (1..=20).map(|n| n * 10).collect(), ..Grid::table_2() }.write();
    check(&whole, "24");
    check(&hard(), "59");
}
