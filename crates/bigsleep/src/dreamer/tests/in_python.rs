//! Dreams whose optimizers are in Python.

use std::sync::Arc;

use optim_python::{Interpreter, PythonSettings};

use super::*;
use crate::AnyOptimizer;

#[path = "../../../../../tests/python/find.rs"]
mod find;

/// A dreamer with a Python, and `steps` for its dreams.
struct InPython {
    dreamer: Dreamer,
    steps: u32,
}

impl InPython {
    /// None where there is no Python to test with.
    fn new(what: &str, steps: u32) -> Option<Self> {
        let interpreter = Interpreter::new(find::python(what)?);
        Some(Self { dreamer: dreamer(&settings()).with_python(&interpreter), steps })
    }

    fn spec(&self, optimizer: AnyOptimizer) -> DreamSpec {
        let settings = DreamSettings { epochs: 1, iterations: self.steps, ..settings() };
        DreamSpec { optimizer, settings, ..spec("a bear", 0, ADAM) }
    }

    fn begin(&self, optimizer: AnyOptimizer) -> Dream {
        self.dreamer.begin(&self.spec(optimizer)).unwrap()
    }

    /// A dream after all its steps.
    fn dreamt(&self, optimizer: AnyOptimizer) -> Dream {
        let mut dreams = [self.begin(optimizer)];
        walk(&self.dreamer, &mut dreams, self.steps as usize);
        let [dream] = dreams;
        dream
    }
}

fn built_in(toml: &str) -> AnyOptimizer {
    toml::from_str::<OptimizerConfig>(toml).unwrap().into()
}

/// An optimizer of a package.
fn named(toml: &str) -> AnyOptimizer {
    let settings: PythonSettings = toml::from_str(toml).unwrap();
    AnyOptimizer::Python { name: settings.python.to_string(), settings }
}

/// The class `Mine` of a file.
fn written(text: &str) -> AnyOptimizer {
    let mut settings: PythonSettings = toml::from_str("python = 'mine.py:Mine'").unwrap();
    settings.text = Some(Arc::from(text));
    AnyOptimizer::Python { name: "mine".to_owned(), settings }
}

/// Settings of the report's six here, and in PyTorch.
const SIX: [(&str, &str); 6] = [
    ("sgd = { lr = 0.5, momentum = 0.9 }", "python = 'torch.optim.SGD'\nargs = { lr = 0.5, momentum = 0.9 }"),
    ("adam = { lr = 0.05 }", "python = 'torch.optim.Adam'\nargs = { lr = 0.05 }"),
    ("adamw = { lr = 0.05 }", "python = 'torch.optim.AdamW'\nargs = { lr = 0.05 }"),
    ("rmsprop = { lr = 0.01 }", "python = 'torch.optim.RMSprop'\nargs = { lr = 0.01 }"),
    ("adagrad = { lr = 0.1 }", "python = 'torch.optim.Adagrad'\nargs = { lr = 0.1 }"),
    ("adadelta = { lr = 1.0 }", "python = 'torch.optim.Adadelta'\nargs = { lr = 1.0 }"),
];

/// The largest distance of latents after 200 steps. Measured: none, under AVX-512.
const SAME: f64 = 1e-6;

#[test]
fn pytorchs_six_go_the_way_of_the_built_in_ones() {
    let Some(engine) = InPython::new("PyTorch's optimizers against the built-in ones", 200) else { return };
    for (ours, theirs) in SIX {
        let [mut here, mut there] = [built_in(ours), named(theirs)].map(|optimizer| engine.dreamt(optimizer));
        assert_eq!((here.step(), there.step()), (200, 200));
        for (ours, theirs) in here.latents.tensors().iter().zip(there.latents.tensors()) {
            let off = distance(&theirs, ours);
            assert!(off <= SAME, "{theirs} is off by {off:e}");
        }
        assert!(distance(&there.ema.average().normu, &here.ema.average().normu) <= SAME, "{theirs}");
        let pairs = here.take_trace().into_iter().zip(there.take_trace());
        let off = pairs.map(|(here, there)| (here.loss.total - there.loss.total).abs()).fold(0.0, f32::max);
        assert!(off <= 1e-4, "{theirs}: losses of about 50 are off by {off:e}");
    }
}

/// Others that PyTorch has, for fewer steps: what rounding there is, steps magnify. Not Muon, which
/// rounds to bfloat16 on the way.
const OTHERS: [(&str, &str); 6] = [
    (
        "adam = { lr = 0.05, amsgrad = true }",
        "python = 'torch.optim.Adam'\nargs = { lr = 0.05, amsgrad = true }",
    ),
    ("nadam = { lr = 0.05 }", "python = 'torch.optim.NAdam'\nargs = { lr = 0.05 }"),
    ("radam = { lr = 0.05 }", "python = 'torch.optim.RAdam'\nargs = { lr = 0.05 }"),
    ("adamax = { lr = 0.05 }", "python = 'torch.optim.Adamax'\nargs = { lr = 0.05 }"),
    ("rprop = { lr = 0.01 }", "python = 'torch.optim.Rprop'\nargs = { lr = 0.01 }"),
    (
        "rprop = { lr = 0.01, schedule = { warmup = 4, then = 'cosine' } }",
        "python = 'torch.optim.Rprop'\nargs = { lr = 0.01 }\nschedule = { warmup = 4, then = 'cosine' }",
    ),
];

#[test]
fn pytorchs_others_go_the_way_of_the_built_in_ones() {
    let Some(engine) = InPython::new("more of PyTorch's optimizers against the built-in ones", 20) else {
        return;
    };
    for (ours, theirs) in OTHERS {
        let [here, there] = [built_in(ours), named(theirs)].map(|optimizer| engine.dreamt(optimizer));
        for (ours, found) in here.latents.tensors().iter().zip(there.latents.tensors()) {
            let off = distance(&found, ours);
            assert!(off <= SAME, "{theirs} is off by {off:e}");
        }
    }
}

#[test]
fn a_schedule_acts_on_the_parameter_groups() {
    let Some(engine) = InPython::new("schedules of optimizers in Python", 6) else { return };
    let schedule = "{ warmup = 2, then = 'cosine' }";
    let ours = built_in(&format!("sgd = {{ lr = 0.5, schedule = {schedule} }}"));
    let theirs = format!("python = 'torch.optim.SGD'\nargs = {{ lr = 0.5 }}\nschedule = {schedule}");
    let [here, there] = [ours, named(&theirs)].map(|optimizer| engine.dreamt(optimizer));
    assert!(distance(&there.latents.normu, &here.latents.normu) <= SAME);
    let constant = engine.dreamt(built_in("sgd = { lr = 0.5 }"));
    assert!(distance(&there.latents.normu, &constant.latents.normu) > 1e-3);
}

#[test]
fn lbfgs_with_a_line_search_goes_further_down_than_a_gradient_does() {
    let Some(engine) = InPython::new("L-BFGS with a line search", 12) else { return };
    let lbfgs =
        "python = 'torch.optim.LBFGS'\nargs = { lr = 1.0, max_iter = 4, line_search_fn = 'strong_wolfe' }";
    let latent = |optimizer| {
        let rows = engine.dreamt(optimizer).take_trace();
        [rows[0].loss.total, rows[11].loss.total]
    };
    let [start, end] = latent(named(lbfgs));
    let [same_start, by_gradient] = latent(built_in("sgd = { lr = 0.5 }"));
    assert_eq!(start, same_start);
    assert!(end < by_gradient && by_gradient < start, "{start} → {end}, by the gradient {by_gradient}");
}

/// Ten rules of a package, and two by hand.
const PACKAGED: [&str; 10] = [
    "python = 'pytorch_optimizer.SOAP'\nargs = { lr = 0.01 }",
    "python = 'pytorch_optimizer.ADOPT'\nargs = { lr = 0.01 }",
    "python = 'pytorch_optimizer.AdEMAMix'\nargs = { lr = 0.01 }",
    "python = 'pytorch_optimizer.MARS'\nargs = { lr = 0.01 }",
    "python = 'pytorch_optimizer.Lamb'\nargs = { lr = 0.01 }",
    "python = 'pytorch_optimizer.Yogi'\nargs = { lr = 0.01 }",
    "python = 'pytorch_optimizer.Tiger'\nargs = { lr = 0.01 }",
    "python = 'pytorch_optimizer.DAdaptAdam'",
    "python = 'pytorch_optimizer.Prodigy'\nargs = { lr = 1.0 }",
    "python = 'pytorch_optimizer.ScheduleFreeAdamW'\nargs = { lr = 0.01 }",
];

const BY_HAND: &str = "
import torch

class Mine(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {'lr': lr})

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group['params']:
                state = self.state[p]
                state['double'] = state.get('double', torch.zeros_like(p, dtype=torch.float64)) * 0.9 + p.grad
                p.data -= group['lr'] * state['double'].float() + 1e-3 * torch.randn(p.shape)
";

const ASKS: &str = "
import random
import torch

class Mine:
    def __init__(self, params, sigma=0.05, count=11):
        self.params, self.sigma, self.count = params, sigma, count
        self.told = []

    def ask(self):
        with torch.no_grad():
            at = torch.cat([p.reshape(-1) for p in self.params])
            return [at + self.sigma * torch.randn(at.shape) for _ in range(self.count)]

    def tell(self, candidates, losses):
        best = candidates[losses.index(min(losses))]
        with torch.no_grad():
            for p, part in zip(self.params, best.split([p.numel() for p in self.params])):
                p.copy_(part.view_as(p))
        self.told = self.told[-3:] + [min(losses) + random.random()]

    def state_dict(self):
        return {'told': self.told}

    def load_state_dict(self, state):
        self.told = state['told']
";

#[test]
fn a_resumed_dream_with_an_optimizer_in_python_goes_on_bit_for_bit() {
    let Some(engine) = InPython::new("resumption of optimizers in Python", 6) else { return };
    let lbfgs = "python = 'torch.optim.LBFGS'\nargs = { max_iter = 3, line_search_fn = 'strong_wolfe' }";
    let all = PACKAGED.into_iter().chain([lbfgs]).map(named).chain([BY_HAND, ASKS].map(written));
    for optimizer in all {
        let (spec, name) = (engine.spec(optimizer.clone()), optimizer.name().to_owned());
        let mut unbroken = [engine.begin(optimizer)];
        walk(&engine.dreamer, &mut unbroken, 3);
        let rows = unbroken[0].take_trace();
        let state = unbroken[0].state().unwrap();
        walk(&engine.dreamer, &mut unbroken, 3);

        let mut resumed = [engine.dreamer.resume(&spec, Weights::from_tensors("memory", state)).unwrap()];
        assert_eq!((resumed[0].step(), rows.len()), (3, 3), "{name}");
        walk(&engine.dreamer, &mut resumed, 3);
        let ([unbroken], [resumed]) = (unbroken, resumed);
        assert_eq!(whole(unbroken), whole(resumed), "{name}");
    }
}

#[test]
fn candidates_are_evaluated_where_the_loss_is_lower() {
    let Some(engine) = InPython::new("optimizers that ask and tell", 20) else { return };
    let rows = engine.dreamt(written(ASKS)).take_trace();
    assert!(rows[19].loss.latent < rows[0].loss.latent, "{:?} → {:?}", rows[0], rows[19]);
}

/// Every evaluation of a step is the one of its beginning: the optimizer asks elsewhere, and comes
/// back.
const COMES_BACK: &str = "
import torch

class Mine(torch.optim.SGD):
    def __init__(self, params):
        super().__init__(params, lr=0.1)

    def step(self, closure):
        loss = closure()
        before = [p.detach().clone() for p in self.param_groups[0]['params']]
        grads = [p.grad.clone() for p in self.param_groups[0]['params']]
        with torch.no_grad():
            for p in self.param_groups[0]['params']:
                p.add_(p.grad, alpha=0.05)
        assert closure() != loss
        with torch.no_grad():
            for p, value in zip(self.param_groups[0]['params'], before):
                p.copy_(value)
        assert closure() == loss
        for p, grad in zip(self.param_groups[0]['params'], grads):
            assert torch.equal(p.grad, grad)
        super().step()
";

#[test]
fn all_evaluations_of_a_step_see_the_same_cutouts() {
    let Some(engine) = InPython::new("evaluations within a step", 3) else { return };
    let [plain, back] = [built_in("sgd = { lr = 0.1 }"), written(COMES_BACK)].map(|one| engine.dreamt(one));
    assert_eq!(plain.latents.normu, back.latents.normu);
}

const NOT_A_NUMBER: &str = "
import torch

class Mine(torch.optim.SGD):
    def step(self, closure=None):
        super().step()
        self.taken = getattr(self, 'taken', 0) + 1
        if self.taken == 3:
            self.param_groups[0]['params'][0].data[0, 0] = float('nan')
";

#[test]
fn latents_that_are_no_numbers_end_a_dream_and_leave_it_as_it_was() {
    let Some(engine) = InPython::new("divergence of optimizers in Python", 5) else { return };
    let mut dreams = [engine.begin(written(NOT_A_NUMBER))];
    walk(&engine.dreamer, &mut dreams, 2);
    let before = dreams[0].latents.normu.copy();
    walk(&engine.dreamer, &mut dreams, 3);
    assert_eq!((dreams[0].status(), dreams[0].step()), (Status::Diverged { at_step: 3 }, 2));
    assert_eq!(dreams[0].latents.normu, before);
    assert!(dreams[0].state().is_ok());
}

const MEDDLES: &str = "
import random
import torch

torch.set_default_dtype(torch.float64)

class Mine(torch.optim.SGD):
    def step(self, closure=None):
        super().step()
        torch.set_grad_enabled(False)
        torch.manual_seed(7)
        random.seed(7)
";

/// Optimizers of one process know nothing of each other.
#[test]
fn what_one_optimizer_sets_no_other_finds() {
    let Some(engine) = InPython::new("settings of optimizers in Python", 3) else { return };
    let of = |text| whole(engine.dreamt(written(text)));
    let before = [of(BY_HAND), of(ASKS)];
    let _ = of(MEDDLES);
    assert_eq!([of(BY_HAND), of(ASKS)], before);
}

/// In a batch with others nothing of it changes.
#[test]
fn dreams_of_both_kinds_share_a_batch() {
    let Some(engine) = InPython::new("batches with optimizers in Python", 3) else { return };
    let kinds = || [named(SIX[1].1), built_in(SIX[0].0), written(BY_HAND)];
    let alone = kinds().map(|optimizer| whole(engine.dreamt(optimizer)));
    let mut together = kinds().map(|optimizer| engine.begin(optimizer));
    walk(&engine.dreamer, &mut together, 3);
    assert_eq!(together.map(whole), alone);
}
