//! Optimizers in Python, from an experiment to its results.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use crate::setting::{SMALL, Setting, assert_same, results};

mod faults;
#[path = "../python/find.rs"]
mod find;

use faults::BAD;

/// A setting whose program finds this Python; none where there is none to test with.
struct InPython {
    setting: Setting,
    python: String,
}

impl InPython {
    fn new(what: &str) -> Option<Self> {
        let python = find::python(what)?.into_string().unwrap();
        let setting = Setting::new();
        setting.write("optimizers/mine.py", MINE).write("optimizers/bad.py", BAD);
        Some(Self { setting, python })
    }

    /// An experiment with these optimizers.
    fn write(&self, optimizers: &str) -> &Self {
        let (before, after) = (SMALL.find("[optimizer]").unwrap(), SMALL.find("[labels]").unwrap());
        let text = format!("{}[optimizer]\n{optimizers}\n{}", &SMALL[..before], &SMALL[after..]);
        self.setting.write("small.toml", &text);
        self
    }

    fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let arguments = [arguments, &["--python", &self.python]].concat();
        let ran = self.setting.expect(code, &arguments);
        ran.stdout + &ran.stderr
    }

    /// Insists that `plan` refuses the experiment and says all this.
    fn refuses(&self, expected: &[&str]) {
        let said = self.expect(1, &["plan", "small.toml"]).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in expected {
            assert!(said.contains(part), "no `{part}` in {said}");
        }
    }

    /// The record of a cell.
    fn record(&self, id: &str) -> toml::Table {
        let path = self.setting.path("results/small/cells").join(id).join("cell.toml");
        fs::read_to_string(path).unwrap().parse().unwrap()
    }
}

/// A rule that draws, keeps a state, and asks for more than one gradient.
const MINE: &str = "
import torch

class Mine(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, noise=0.01):
        super().__init__(params, {'lr': lr, 'noise': noise})

    def step(self, closure):
        for group in self.param_groups:
            for p in group['params']:
                m = self.state[p].setdefault('m', torch.zeros_like(p))
                m.lerp_(p.grad + group['noise'] * torch.randn(p.shape), 0.5)
                p.data -= group['lr'] * m
        closure()
        for group in self.param_groups:
            for p in group['params']:
                p.data -= 0.1 * group['lr'] * p.grad

class Asks:
    def __init__(self, params, count=5):
        self.params, self.count, self.best = params, count, None

    def ask(self):
        at = torch.cat([p.detach().reshape(-1) for p in self.params])
        return at + 0.1 * torch.randn(self.count, len(at))

    def tell(self, candidates, losses):
        self.best = min(losses)
        with torch.no_grad():
            best = candidates[losses.index(self.best)]
            for p, part in zip(self.params, best.split([p.numel() for p in self.params])):
                p.copy_(part.view_as(p))

    def state_dict(self):
        return {'best': self.best}

    def load_state_dict(self, state):
        self.best = state['best']
";

const TWO_KINDS: &str = "
adam = { lr = 0.05 }
mine = { python = 'optimizers/mine.py:Mine', args = { lr = [0.01, 0.1] }, schedule = { then = 'cosine' } }
asks = { python = 'optimizers/mine.py:Asks' }
lbfgs = { python = 'torch.optim.LBFGS', args = { max_iter = 3, line_search_fn = 'strong_wolfe' } }
";

#[test]
fn jobs_shards_and_kills_come_to_the_same_bytes_and_the_folder_runs_again() {
    let Some(setting) = InPython::new("runs with optimizers in Python") else { return };
    setting.write(TWO_KINDS);
    let planned = setting.expect(0, &["plan", "small.toml"]);
    assert!(planned.contains("bicycle/mine-lr-0.01/seed-0") && planned.contains("10 cells"), "{planned}");
    setting.expect(0, &["small.toml", "--jobs", "1"]);
    let whole = results(&setting.setting.path("results/small"));

    setting.expect(0, &["small.toml", "--jobs", "2", "--shard", "1/2", "--out", "shards"]);
    setting.expect(0, &["small.toml", "--jobs", "2", "--shard", "2/2", "--out", "shards"]);
    assert_same(&whole, &results(&setting.setting.path("shards")));

    kill_at_the_first_state(&setting);
    setting.expect(0, &["small.toml", "--out", "killed"]);
    assert_same(&whole, &results(&setting.setting.path("killed")));

    // The file travels with the results, by its content.
    let kept = fs::read_to_string(setting.setting.path("results/small/experiment.toml")).unwrap();
    assert!(kept.contains("'optimizers/mine.py") || kept.contains("inputs/"), "{kept}");
    setting.setting.write("optimizers/mine.py", "raise RuntimeError('not this one')");
    setting.expect(0, &["results/small/experiment.toml", "--out", "again"]);
    assert_same(&whole, &results(&setting.setting.path("again")));
    setting.setting.expect(0, &["verify", "again"]);

    let environment = fs::read_to_string(setting.setting.path("results/small/environment.json")).unwrap();
    let environment: serde_json::Value = serde_json::from_str(&environment).unwrap();
    for package in ["python", "torch"] {
        assert!(environment["python"][package].is_string(), "{environment}");
    }
}

/// Kills a run, and what it started, once a cell in Python has a state in the middle of its way.
fn kill_at_the_first_state(setting: &InPython) {
    let arguments = ["small.toml", "--out", "killed", "--jobs", "1", "--only", "*/mine*/*"];
    let mut command = setting.setting.command(&arguments);
    command.args(["--python", &setting.python]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let state = setting.setting.path("killed/cells/bicycle/mine-lr-0.01/seed-0/state.safetensors");
    while !state.is_file() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(state.is_file());
}

/// Without a Python an experiment that does not ask for one runs, and another says what is missing.
#[test]
fn python_is_needed_by_experiments_that_ask_for_it_alone() {
    let setting = Setting::new();
    setting.write("plain.toml", SMALL);
    setting.expect(0, &["plan", "plain.toml", "--python", "no-such-python"]);
    let asks =
        SMALL.replace("sgd = {", "x = { python = 'torch.optim.SGD', args = {").replace("0.1 }", "0.1 } }");
    setting.write("asks.toml", &asks);
    let said = setting.expect(1, &["plan", "asks.toml", "--python", "no-such-python"]).stderr;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("`no-such-python` cannot be started: name the Python to use with --python"),
        "{said}"
    );
}

#[test]
fn arguments_in_python_are_axes_and_can_be_tuned() {
    let Some(setting) = InPython::new("tuning of optimizers in Python") else { return };
    setting.write("sgd = { python = 'torch.optim.SGD', args = { lr = 0.1 } }");
    let said = setting.expect(1, &["plan", "small.toml"]);
    assert!(said.contains("give it a name of its own, such as `sgd-python`"), "{said}");

    let tuning =
        "[tuning]\nprompts = ['apple']\nseeds = { per_prompt = 1, from = 1000 }\npoints = 2\nextend = 0\n";
    let entry = "x = { python = 'torch.optim.SGD', args = { lr = { tune = [0.01, 0.1] }, momentum = 0.9 } }";
    setting.write(&format!("{entry}\n{tuning}"));
    setting.expect(0, &["small.toml"]);
    let settings = |id: &str| setting.record(id)["optimizer_settings"]["x"]["args"].clone();
    let lr = |args: toml::Value| args["lr"].as_float().unwrap();
    let rates: BTreeMap<_, _> = ["tuning/apple/x-lr-0.01/seed-1000", "tuning/apple/x-lr-0.1/seed-1000"]
        .map(|id| (id, lr(settings(id))))
        .into();
    assert_eq!(rates.into_values().collect::<Vec<_>>(), [0.01, 0.1]);
    let tested = settings("cow/x/seed-0");
    assert!(lr(tested.clone()) > 0.0 && tested["momentum"].as_float() == Some(0.9), "{tested}");
}

/// The page of the documentation: its file, named as it says.
#[test]
fn the_documented_file_runs() {
    let Some(setting) = InPython::new("the example of docs/python-optimizers.md") else { return };
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/python-optimizers.md");
    let page = fs::read_to_string(page).unwrap();
    let block = |language: &str| {
        let (_, after) = page.split_once(&format!("```{language}\n")).unwrap();
        after.split_once("```").unwrap().0.to_owned()
    };
    setting.setting.write("optimizers/mine.py", &block("python"));
    setting.write(&block("toml"));
    setting.expect(0, &["small.toml", "--only", "cow/*"]);
    for id in ["cow/mine-lr-0.01/seed-0", "cow/mine-lr-0.05/seed-0"] {
        assert!(setting.record(id)["status"].get("finished").is_some());
    }
}

/// A batch system asks every process of a job to end, the program's Python too.
#[test]
#[cfg(target_os = "linux")]
fn a_signal_to_all_processes_of_a_job_saves_its_cells() {
    let Some(one) = InPython::new("signals to a job with an optimizer in Python") else { return };
    one.write("mine = { python = \"optimizers/mine.py:Mine\" }");
    let long = fs::read_to_string(one.setting.path("small.toml")).unwrap();
    one.setting.write("small.toml", &long.replace("iterations = 4", "iterations = 40000"));
    let arguments = ["small.toml", "--no-report", "--python", &one.python];
    let child = crate::resumption::start(&one.setting, &arguments);
    let state = one.setting.path("results/small/cells/bicycle/mine/seed-0/state.safetensors");
    crate::resumption::wait_for(&state);
    let group = std::process::Command::new("pgrep").args(["-P", &child.id().to_string()]).output().unwrap();
    let pythons = String::from_utf8(group.stdout).unwrap();
    assert!(!pythons.trim().is_empty(), "there is a Python at work");
    for id in pythons.split_whitespace() {
        assert!(std::process::Command::new("kill").args(["-s", "TERM", id]).status().unwrap().success());
    }
    crate::resumption::signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let status = &one.record("bicycle/mine/seed-0")["status"];
    assert_eq!(status.as_str(), Some("unfinished"), "{status}");
}
