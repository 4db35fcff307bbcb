//! Job scripts.

use std::fmt::Write as _;

use super::commands::Call;
use super::time::TimeLimit;

/// The words that a script says when the program was killed, by which they are found in its log.
pub(crate) const KILLED: &str = "the program was killed";

/// The number of times that a script asks to be started again.
const MOST_RESTARTS: u32 = 50;

/// A job script.
pub(crate) struct Script<'s> {
    /// The job's name.
    pub(crate) name: String,
    pub(crate) work: Work,
    /// The program with its arguments, but for the shard.
    pub(crate) program: Call,
    pub(crate) time: &'s TimeLimit,
    pub(crate) cpus: u32,
    pub(crate) memory: &'s str,
    pub(crate) gpus: Option<u32>,
    /// Lines that go before the program, such as `module load`.
    pub(crate) setup: Option<&'s str>,
}

/// The kind of work that a script does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// One of so many shards, that of the array's element.
    Shard {
        /// The number of shards.
        of: usize,
    },
    /// Work that is computed as a whole, and taken up where it was left.
    Whole,
    /// The report, which is made again from its start.
    Report,
}

impl Script<'_> {
    /// The script's text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("#!/bin/bash\n# Written by `runner submit`.\n{}", self.options());
        let _ = writeln!(text, "\nexport OMP_NUM_THREADS=${{SLURM_CPUS_PER_TASK:-{}}}", self.cpus);
        if let Some(setup) = self.setup {
            let _ = writeln!(text, "{setup}");
        }
        text += "echo \"job $SLURM_JOB_ID on $(hostname), start ${SLURM_RESTART_COUNT:-0}, \
                 CUDA_VISIBLE_DEVICES=${CUDA_VISIBLE_DEVICES-(not set)}\"\n";
        match self.work {
            Work::Report => text += &format!("exec {}\n", self.program.line()),
            Work::Whole | Work::Shard { .. } => text += &self.heart(),
        }
        text
    }

    fn options(&self) -> String {
        let mut options = vec![
            format!("job-name={}", self.name),
            "open-mode=append".to_owned(),
            format!("time={}", self.time),
            format!("cpus-per-task={}", self.cpus),
            format!("mem={}", self.memory),
        ];
        if self.work != Work::Report {
            options.push("requeue".to_owned());
            options.push(format!("signal=B:USR1@{}", self.time.lead()));
        }
        options.extend(self.gpus.map(|gpus| format!("gres=gpu:{gpus}")));
        options.into_iter().map(|option| format!("#SBATCH --{option}\n")).collect()
    }

    /// The program, saved and started again before the time limit; a shard that another process
    /// still has is tried again later.
    fn heart(&self) -> String {
        let (shard, job) = match self.work {
            Work::Shard { of } => (
                format!(" --shard \"$SLURM_ARRAY_TASK_ID/{of}\""),
                "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID",
            ),
            Work::Whole | Work::Report => (String::new(), "$SLURM_JOB_ID"),
        };
        format!(
            "program= again=
# A signal ends bash's `wait` early, whose code is then not the program's.
trap 'again=1; [ -z \"$program\" ] || kill -TERM $program 2>/dev/null' USR1
trap '[ -z \"$program\" ] || kill -TERM $program 2>/dev/null' TERM
{}{shard} &
program=$!
while kill -0 $program 2>/dev/null; do
    wait $program
done
wait $program # bash keeps the code of what has ended
code=$?
trap - USR1 TERM
if [ $code = 137 ]; then
    echo \"{KILLED}: if by lack of memory, submit again with more --mem\"
fi
# A program that was asked to end before it listened to signals has 143.
case $code$again in 1301 | 1431 | 75*) retry=1 ;; *) retry= ;; esac
if [ -n \"$retry\" ] && [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt {MOST_RESTARTS} ]; then
    scontrol requeue \"{job}\" && sleep 60
fi
exit $code
",
            self.program.line()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(work: Work) -> String {
        let program = ["/opt/runner", "/my results/experiment.toml", "--no-report", "--devices", "cpu"];
        let time = "4:00:00".parse().unwrap();
        Script {
            name: "mine".to_owned(),
            work,
            program: Call(program.map(str::to_owned).to_vec()),
            time: &time,
            cpus: 2,
            memory: "4G",
            gpus: (work == Work::Shard { of: 8 }).then_some(1),
            setup: Some("module load cuda"),
        }
        .text()
    }

    #[test]
    fn a_shards_script() {
        insta::assert_snapshot!(script(Work::Shard { of: 8 }));
    }

    #[test]
    fn a_reports_script() {
        insta::assert_snapshot!(script(Work::Report));
    }

    #[test]
    fn scripts_are_ones_that_bash_reads() {
        for work in [Work::Shard { of: 3 }, Work::Whole, Work::Report] {
            let mut bash = std::process::Command::new("bash");
            let read = bash.args(["-n", "-c", &script(work)]).status().unwrap();
            assert!(read.success(), "{}", script(work));
        }
    }
}
