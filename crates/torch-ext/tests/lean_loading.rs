//! In a process of its own: what is measured is all memory of the process.
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use torch_ext::LeanLoading;

const MIB: usize = 1 << 20;

#[test]
fn what_is_freed_between_what_stays_goes_back_to_the_system() {
    drop(vec![1u8; 30 * MIB]); // from now on glibc would keep buffers of up to 30 MiB
    let loading = LeanLoading::new();
    let (stays, garbage): (Vec<_>, Vec<_>) = (0..64).map(|_| (vec![1u8; MIB], vec![1u8; MIB])).unzip();
    let before = resident();
    drop(garbage);
    let freed = before.saturating_sub(resident());
    assert!(freed > 60 * MIB, "of 64 MiB {freed} bytes went back");

    // Steps free and take the same buffers again and again: afterwards they are kept.
    drop(loading);
    let (more, garbage): (Vec<_>, Vec<_>) = (0..64).map(|_| (vec![1u8; MIB], vec![1u8; MIB])).unzip();
    let before = resident();
    drop(garbage);
    let freed = before.saturating_sub(resident());
    assert!(freed < 4 * MIB, "of 64 MiB {freed} bytes went back");
    drop((stays, more));
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
