//! Model sets: fetched from a server that misbehaves, verified, listed.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::setting::Setting;

/// Content of the file, 300 kB.
fn content() -> Vec<u8> {
    (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// SHA-256 of [`content`], computed with Python.
const SHA256: &str = "136f334d647619879743ff33fde1ac6547f40e314692441f2a125e087cad47c9";

/// A server on the loopback that answers each connection with the next of its manners.
struct Server {
    address: String,
    requests: Arc<Mutex<Vec<Option<usize>>>>,
}

#[derive(Clone)]
enum Manner {
    /// All that is asked for.
    Whole,
    /// Half of it, then the connection breaks.
    Half,
    /// All of the file, whatever part is asked for.
    NoRanges,
    /// "404 Not Found".
    NotFound,
    /// Another file of the same size.
    Other,
    /// Half of the file, with an entity tag; then the connection breaks.
    HalfTagged,
    /// Variant of `Other` with its own tag: a part of it only goes to whom has the rest of this
    /// one.
    OtherTagged,
}

impl Server {
    fn new(manners: &[Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, manners) = (Arc::clone(&requests), manners.to_vec());
        thread::spawn(move || {
            for manner in manners {
                let (stream, _) = listener.accept().unwrap();
                log.lock().unwrap().push(answer(stream, &manner));
            }
        });
        Self { address, requests }
    }

    /// Start offsets of the requests so far.
    fn requests(&self) -> Vec<Option<usize>> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, manner: &Manner) -> Option<usize> {
    let mut from = None;
    let mut wanted_tag = None;
    for line in BufReader::new(stream.try_clone().unwrap()).lines() {
        let line = line.unwrap().to_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().ok();
        }
        wanted_tag = line.strip_prefix("if-range: ").map(str::to_owned).or(wanted_tag);
        if line.is_empty() {
            break;
        }
    }
    let mut file = content();
    if matches!(manner, Manner::Other | Manner::OtherTagged) {
        file.reverse();
    }
    let tag = match manner {
        Manner::HalfTagged => "\"first\"",
        Manner::OtherTagged => "\"second\"",
        _ => "",
    };
    let has_changed = wanted_tag.is_some_and(|wanted| wanted != tag);
    let start = if matches!(manner, Manner::NoRanges) || has_changed { 0 } else { from.unwrap_or(0) };
    let body = &file[start..];
    let status = match manner {
        Manner::NotFound => "404 Not Found",
        _ if start > 0 => "206 Partial Content",
        _ => "200 OK",
    };
    let sent =
        if matches!(manner, Manner::Half | Manner::HalfTagged) { &body[..body.len() / 2] } else { body };
    let tag = if tag.is_empty() { String::new() } else { format!("ETag: {tag}\r\n") };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{tag}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(sent); // the client may have heard enough
    from
}

/// A set `web` whose weights come from `address`, with `sha256 = "…"` or nothing.
fn setting(address: &str, digest: &str) -> Setting {
    let setting = Setting::new();
    let manifest = format!(
        r#"
        name = "web"
        about = "fetched by a test"
        [generator]
        kind = "biggan-deep"
        source = "https://example.org/generator"
        license = "MIT"
        weights = {{ path = "model.bin", url = "http://{address}/model.bin", {digest} }}
        [perceptor]
        kind = "clip"
        source = "https://example.org/perceptor"
        license = "MIT"
        weights = {{ path = "own.bin" }}
        "#
    );
    setting.write("weights/web/manifest.toml", &manifest).write("weights/web/own.bin", "own");
    setting
}

fn published() -> String {
    format!("sha256 = \"{SHA256}\"")
}

#[test]
fn a_broken_connection_is_taken_up_where_it_broke() {
    let server = Server::new(&[Manner::Half, Manner::Whole]);
    let setting = setting(&server.address, &published());
    setting.expect(0, &["weights", "fetch", "web"]);
    assert_eq!(fs::read(setting.path("weights/web/model.bin")).unwrap(), content());
    assert_eq!(server.requests(), [None, Some(150_000)]);
    assert!(!setting.path("weights/web/model.bin.part").exists());

    // Nothing is fetched again, and all is as it should be.
    let again = setting.expect(0, &["weights", "fetch", "web"]);
    assert!(again.stderr.contains("model.bin is already there"), "{}", again.stderr);
    setting.expect(0, &["weights", "verify", "web"]);
}

#[test]
fn a_download_given_up_is_taken_up_by_the_next_run() {
    let server = Server::new(&[Manner::Half, Manner::Half, Manner::Half, Manner::Whole]);
    let setting = setting(&server.address, &published());
    let ran = setting.expect(1, &["weights", "fetch", "web"]);
    assert!(ran.stderr.contains("broke off 3 times"), "{}", ran.stderr);
    assert!(words(&ran.stderr).contains("run `runner weights verify web`"), "{}", ran.stderr);
    assert!(!setting.path("weights/web/model.bin").exists(), "half a file is no file");
    setting.expect(0, &["weights", "fetch", "web"]);
    assert_eq!(server.requests(), [None, Some(150_000), Some(225_000), Some(262_500)]);
    assert_eq!(fs::read(setting.path("weights/web/model.bin")).unwrap(), content());
}

#[test]
fn a_server_without_ranges_sends_it_all_again() {
    let server = Server::new(&[Manner::Half, Manner::NoRanges]);
    let setting = setting(&server.address, &published());
    setting.expect(0, &["weights", "fetch", "web"]);
    assert_eq!(fs::read(setting.path("weights/web/model.bin")).unwrap(), content());
}

#[test]
fn the_rest_of_another_version_is_not_put_behind_the_first_half() {
    let server = Server::new(&[Manner::HalfTagged, Manner::OtherTagged]);
    let setting = setting(&server.address, ""); // no digest would tell
    setting.expect(0, &["weights", "fetch", "web"]);
    let mut other = content();
    other.reverse();
    assert!(fs::read(setting.path("weights/web/model.bin")).unwrap() == other, "two files in one");
    assert_eq!(server.requests(), [None, Some(150_000)]);
    let mut names: Vec<_> =
        fs::read_dir(setting.path("weights/web")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["first-seen.toml", "manifest.toml", "model.bin", "own.bin"]);
}

#[test]
fn the_same_version_is_taken_up_where_it_broke() {
    let server =
        Server::new(&[Manner::HalfTagged, Manner::HalfTagged, Manner::HalfTagged, Manner::HalfTagged]);
    let setting = setting(&server.address, &published());
    setting.expect(1, &["weights", "fetch", "web"]);
    assert_eq!(server.requests(), [None, Some(150_000), Some(225_000)]);
}

/// Nothing would tell whether the file has changed meanwhile.
#[test]
fn without_version_and_digest_it_begins_again() {
    let server = Server::new(&[Manner::Half, Manner::Other]);
    let setting = setting(&server.address, "");
    setting.expect(0, &["weights", "fetch", "web"]);
    assert_eq!(server.requests(), [None, None]);
}

#[test]
fn another_file_than_published_is_not_installed() {
    let server = Server::new(&[Manner::Other, Manner::Whole]);
    let setting = setting(&server.address, &published());
    let ran = setting.expect(1, &["weights", "fetch", "web"]);
    assert!(ran.stderr.contains("now serves another file"), "{}", ran.stderr);
    assert!(!setting.path("weights/web/model.bin").exists());
    setting.expect(0, &["weights", "fetch", "web"]); // and nothing of it is left in the way
}

#[test]
fn without_a_published_digest_the_first_download_binds_later_ones() {
    let server = Server::new(&[Manner::Whole, Manner::Other]);
    let setting = setting(&server.address, "");
    let ran = setting.expect(0, &["weights", "fetch", "web"]);
    assert!(ran.stderr.contains("this one is recorded"), "{}", ran.stderr);
    let recorded = fs::read_to_string(setting.path("weights/web/first-seen.toml")).unwrap();
    assert!(recorded.contains(SHA256), "{recorded}");

    fs::remove_file(setting.path("weights/web/model.bin")).unwrap();
    let ran = setting.expect(1, &["weights", "fetch", "web"]);
    assert!(ran.stderr.contains("now serves another file"), "{}", ran.stderr);
}

#[test]
fn a_few_published_digits_are_compared_too() {
    let server = Server::new(&[Manner::Whole, Manner::Other]);
    let first = setting(&server.address, &format!("sha256 = \"{}\"", &SHA256[..8]));
    first.expect(0, &["weights", "fetch", "web"]);
    let second = setting(&server.address, &format!("sha256 = \"{}\"", &SHA256[..8]));
    second.expect(1, &["weights", "fetch", "web"]);
}

#[test]
fn a_file_put_there_by_hand_is_verified() {
    let setting = setting("127.0.0.1:9", &published());
    setting.write("weights/web/model.bin", "something else");
    let ran = setting.expect(3, &["weights", "verify", "web"]);
    assert!(ran.stdout.contains("web/model.bin: WRONG"), "{}", ran.stdout);
    fs::write(setting.path("weights/web/model.bin"), content()).unwrap();
    let ran = setting.expect(0, &["weights", "verify", "web"]);
    assert!(ran.stdout.contains("web/model.bin: ok"), "{}", ran.stdout);
}

#[test]
fn a_set_that_is_named_must_be_there_to_verify() {
    let setting = setting("127.0.0.1:9", &published());
    let ran = setting.expect(3, &["weights", "verify", "web"]);
    assert!(ran.stdout.contains("web/model.bin: missing"), "{}", ran.stdout);
    setting.expect(0, &["weights", "verify"]); // all: not everybody has them all
}

#[test]
fn a_host_that_cannot_be_reached_leaves_a_way_by_hand() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let setting = setting(&closed, &published());
    let ran = setting.expect(1, &["weights", "fetch", "web"]);
    assert!(ran.stderr.contains("failed to fetch"), "{}", ran.stderr);
    let words = words(&ran.stderr);
    assert!(words.contains("put it at weights/web/model.bin and run `runner weights verify web`"), "{words}");
}

/// A message without its line breaks.
fn words(message: &str) -> String {
    message.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

#[test]
fn a_missing_file_on_the_server_is_told() {
    let server = Server::new(&[Manner::NotFound]);
    let setting = setting(&server.address, &published());
    let ran = setting.expect(1, &["weights", "fetch", "web"]);
    assert!(ran.stderr.contains("answered with 404 Not Found"), "{}", ran.stderr);
    assert!(!setting.path("weights/web/model.bin").exists());
}

#[test]
fn sets_are_listed_with_what_they_lack() {
    let setting = setting("127.0.0.1:9", &published());
    let listed = setting.expect(0, &["weights", "list"]);
    insta::assert_snapshot!(listed.stdout, @"
    tiny: random weights, made by a test
      installed
      generator: tests/program/setting.rs (MIT)
      perceptor: tests/program/setting.rs (MIT)
      segmenter: crates/deeplab/tests/golden (MIT)
      judge: tests/program/setting.rs (MIT)
    web: fetched by a test
      `web` lacks model.bin; `runner weights fetch web` fetches it
      generator: https://example.org/generator (MIT)
      perceptor: https://example.org/perceptor (MIT)
    ");
}
