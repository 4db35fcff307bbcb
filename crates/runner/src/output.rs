//! The only place that writes to the terminal, but for logs and bars.

use std::io::{self, Write};

/// Writes a result to stdout. A reader that has gone away (`runner plan … | head`) is not an error.
pub fn print(text: &str) {
    write(&mut io::stdout().lock(), text);
}

/// Says something to a person, on stderr.
pub fn say(text: &str) {
    write(&mut io::stderr().lock(), text);
}

fn write(stream: &mut impl Write, text: &str) {
    // Nobody is left to be told of a terminal that cannot be written to.
    let _ = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.write_all(b"\n"))
        .and_then(|()| stream.flush());
}
