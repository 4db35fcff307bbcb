use serde::{Deserialize, Serialize};

use super::counted;

/// A machine that computed a cell: all of it on which the bits of a result may depend, and where to
/// find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Its name.
    pub host: String,
    /// The processor's model.
    pub cpu: String,
    /// The widest instructions that libtorch's kernels use: `avx2`, `avx512`, or `default` without
    /// either; the architecture where it is not x86-64.
    pub instructions: String,
    /// The GPU's model, if the cell was computed on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// Threads that libtorch used for it.
    pub threads: usize,
    /// Version of libtorch.
    pub libtorch: String,
    /// The job of a batch system, such as `slurm 12_3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

impl Machine {
    /// The kind of machine: cells computed on one kind can be expected to have the same bytes.
    pub fn kind(&self) -> String {
        let on = match &self.gpu {
            Some(gpu) => gpu.clone(),
            None => format!("{}, {}, {}", self.cpu, self.instructions, counted(self.threads, "thread")),
        };
        format!("{on}, libtorch {}", self.libtorch)
    }

    /// The machines of a cell with this one as the last. A further job on the same machine replaces
    /// the one before.
    pub fn after(self, mut earlier: Vec<Self>) -> Vec<Self> {
        let jobless = |machine: &Self| Self { job: None, ..machine.clone() };
        if earlier.last().is_some_and(|last| jobless(last) == jobless(&self)) {
            earlier.pop();
        }
        earlier.push(self);
        earlier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(host: &str, instructions: &str, job: Option<&str>) -> Machine {
        Machine {
            host: host.into(),
            cpu: "Some CPU".into(),
            instructions: instructions.into(),
            gpu: None,
            threads: 2,
            libtorch: "2.11.0".into(),
            job: job.map(str::to_owned),
        }
    }

    #[test]
    fn kinds_tell_what_bits_depend_on_and_nothing_else() {
        let one = machine("n1", "avx2", Some("slurm 1"));
        assert_eq!(one.kind(), "Some CPU, avx2, 2 threads, libtorch 2.11.0");
        assert_eq!(one.kind(), machine("n2", "avx2", None).kind());
        assert_ne!(one.kind(), machine("n1", "avx512", None).kind());
        let on_gpu = Machine { gpu: Some("Some GPU".into()), ..one };
        assert_eq!(on_gpu.kind(), "Some GPU, libtorch 2.11.0");
    }

    #[test]
    fn a_requeued_job_on_the_same_machine_is_told_once() {
        let first = machine("n1", "avx2", Some("slurm 1")).after(Vec::new());
        let again = machine("n1", "avx2", Some("slurm 2")).after(first);
        assert_eq!(again, [machine("n1", "avx2", Some("slurm 2"))]);
        let moved = machine("n2", "avx2", Some("slurm 2")).after(again);
        assert_eq!(moved.iter().map(|machine| machine.host.as_str()).collect::<Vec<_>>(), ["n1", "n2"]);
        let back = machine("n1", "avx2", None).after(moved);
        assert_eq!(back.len(), 3);
    }
}
