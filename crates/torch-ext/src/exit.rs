/// Ends the process without tidying up: libtorch's own end would pull the ground from under threads
/// that still compute.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library has no exit that runs nothing else")]
pub fn exit_at_once(code: u8) -> ! {
    // Sound: it ends the process, whatever state that is in.
    unsafe { libc::_exit(i32::from(code)) }
}

/// Ends the process.
#[cfg(not(unix))]
pub fn exit_at_once(code: u8) -> ! {
    std::process::exit(i32::from(code))
}
