//! Optimizers in Python that do wrong, or cannot be made.

use super::*;

/// What a file may do that it should not.
pub(super) const BAD: &str = "
import os, sys, time, torch

class Sgd(torch.optim.SGD):
    def step(self, closure=None):
        super().step()
        self.taken = getattr(self, 'taken', 0) + 1
        if self.taken == 3:
            self.at_third()

    def at_third(self):
        pass

class Raises(Sgd):
    def at_third(self):
        raise RuntimeError('no more of this')

class Exits(Sgd):
    def at_third(self):
        sys.exit('enough')

class Dies(Sgd):
    def at_third(self):
        print('last words', flush=True)
        os._exit(7)

class Killed(Sgd):
    def at_third(self):
        os.kill(os.getpid(), 9)

class Hangs(Sgd):
    def at_third(self):
        time.sleep(10_000)

class Grows(Sgd):
    def at_third(self):
        self.hoard = torch.zeros(10 * 2**30, dtype=torch.uint8)

class NotNumbers(Sgd):
    def at_third(self):
        self.param_groups[0]['params'][0].data.fill_(float('nan'))

class Prints(Sgd):
    def step(self, closure=None):
        print('a' * 100_000)
        os.write(1, b'\\x00' * 100_000)
        sys.stdout.flush()
        super().step()

class Forks(Sgd):
    def step(self, closure=None):
        if os.fork() == 0:
            print('I am a copy')
            return
        super().step()

class Reads(Sgd):
    def step(self, closure=None):
        assert sys.stdin.read() == ''
        super().step()

class Unkeepable(torch.optim.SGD):
    def state_dict(self):
        return {**super().state_dict(), 'self': lambda: 7}

class NoOptimizer:
    def __init__(self, params):
        pass

class Broken(torch.optim.SGD):
    def __init__(self, params, lr=0.1):
        raise ValueError('never mind')
";

/// Classes of [`BAD`] by what is recorded of their cells.
const FAILURES: [(&str, &str); 7] = [
    ("Raises", "step 3: RuntimeError: no more of this (bad.py, line 16, in at_third)"),
    ("Exits", "step 3: it called sys.exit('enough')"),
    ("Dies", "step 3: the Python process ended (exit status: 7); it said: last words"),
    ("Killed", "step 3: the Python process ended (signal: 9 (SIGKILL))"),
    ("Hangs", "step 3: nothing was heard from the Python process for 15 s; it was stopped"),
    ("Grows", "step 3: RuntimeError: "),
    ("Unkeepable", "saving its state: TypeError: state_dict()['self'] is of the type function"),
];

#[test]
fn what_an_optimizer_does_wrong_fails_its_cell_alone() {
    let Some(setting) = InPython::new("faults of optimizers in Python") else { return };
    let entry = |(class, _): &(&str, &str)| {
        let name = class.to_lowercase();
        format!("{name} = {{ python = 'optimizers/bad.py:{class}', args = {{ lr = 0.1 }} }}\n")
    };
    let good = ["Prints", "Forks", "Reads", "NotNumbers"].map(|class| (class, ""));
    let all: String = FAILURES.iter().chain(&good).map(entry).collect();
    setting.write(&format!("sgd = {{ lr = 0.1 }}\n{all}"));
    let run =
        ["small.toml", "--only", "cow/*", "--jobs", "1", "--python-limit", "15", "--python-memory", "4"];
    setting.expect(3, &run);

    let reason = |class: &str| {
        let status = &setting.record(&format!("cow/{}/seed-0", class.to_lowercase()))["status"];
        status
            .get("failed")
            .map_or_else(|| format!("{status}"), |failed| failed["reason"].as_str().unwrap().to_owned())
    };
    for (class, expected) in FAILURES {
        assert!(reason(class).starts_with(expected), "{class}: {}", reason(class));
    }
    assert!(reason("NotNumbers").contains("diverged"), "{}", reason("NotNumbers"));
    let image = |class: &str| {
        fs::read(setting.setting.path(&format!("results/small/cells/cow/{class}/seed-0/final.png"))).unwrap()
    };
    for class in ["prints", "forks", "reads"] {
        assert!(reason(class).contains("finished"), "{class}: {}", reason(class));
        assert!(image(class) == image("sgd"), "{class}");
    }
}

/// Entries that cannot be read, and parts of what is said of them.
const UNREADABLE: [(&str, &[&str]); 2] = [
    ("x = { python = 'optimizers/none.py:X' }", &["the file of the optimizer `x` cannot be read"]),
    ("x = { python = 'Adam' }", &["`Adam` names no class"]),
];

/// Entries of which no optimizer can be made.
const REFUSED: [(&str, &[&str]); 9] = [
    ("x = { python = 'optimizers/mine.py:Miner' }", &["no class `Miner` in mine.py", "did you mean `Mine`"]),
    (
        "x = { python = 'torch.optim.Adma' }",
        &["no class `Adma` in torch.optim", "did you mean `Adam`", "small.toml:"],
    ),
    ("x = { python = 'torch.optin.Adam' }", &["no Python module `torch.optin`", "did you mean `optim`"]),
    ("x = { python = 'no_such_package.Adam' }", &["no Python module `no_such_package`"]),
    (
        "x = { python = 'torch.optim.Adam', args = { weight_decy = 0.1 } }",
        &["Adam takes no argument `weight_decy`", "did you mean `weight_decay`", "weight_decy = 0.1"],
    ),
    (
        "x = { python = 'torch.optim.Adam', args = { lr = -1.0 } }",
        &["ValueError: Invalid learning rate: -1.0"],
    ),
    (
        "x = { python = 'optimizers/bad.py:NoOptimizer' }",
        &["NoOptimizer is no optimizer: it has neither `step`"],
    ),
    (
        "x = { python = 'optimizers/bad.py:Broken' }",
        &["ValueError: never mind (bad.py, line", "Python was here", "raise ValueError('never mind')"],
    ),
    (
        "x = { python = 'torch.nn.Linear', args = { out_features = 2 } }",
        &["optimizer.x8: making `torch.nn.Linear`"],
    ),
];

#[test]
fn optimizers_that_cannot_be_made_are_told_with_their_places() {
    let Some(setting) = InPython::new("refusals of optimizers in Python") else { return };
    for (entry, expected) in UNREADABLE {
        setting.write(entry);
        setting.refuses(expected);
    }
    let entry = |(n, (entry, _)): (usize, &(&str, &[&str]))| entry.replacen('x', &format!("x{n}"), 1);
    setting.write(&REFUSED.iter().enumerate().map(entry).collect::<Vec<_>>().join("\n"));
    setting.refuses(&REFUSED.map(|(_, expected)| expected).concat());
    assert!(!setting.setting.path("results").exists());
}
