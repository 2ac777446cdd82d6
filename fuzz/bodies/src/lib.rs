//! What each fuzz target does with its input. libFuzzer drives these bodies (`make fuzz`), and so does an ordinary
//! test, with the kept corpus and some mutations of it: a finding stays found on a machine without a fuzzer.
//!
//! A body says what must hold by panicking. Refusing an input is always fine; a panic, an answer that contradicts
//! itself, or something believed that nobody could have said is a finding.
#![expect(clippy::expect_used, reason = "a target says what it expects by failing")]

mod apple;
mod certificate;
mod channel;
mod forwarded;
mod keys;
mod lists;
mod odata;
mod plist;
mod scep;
mod signed;
mod token;

/// One fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of the program of libFuzzer, and of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Takes one input.
    pub run: fn(&[u8]),
    /// The longest input that is worth trying, in bytes: beyond the bound of what is fuzzed only if that is small.
    pub max_len: usize,
}

const fn target(name: &'static str, run: fn(&[u8]), max_len: usize) -> Target {
    Target { name, run, max_len }
}

/// All targets. A test holds `fuzz/Cargo.toml` and the folders of `fuzz/corpus` to this list.
pub const TARGETS: &[Target] = &[
    target("plist", plist::plist, 16 << 10),
    target("machine_info", channel::machine_info, 8 << 10),
    target("channel", channel::channel, 16 << 10),
    target("ber", certificate::ber, 8 << 10),
    target("x509", certificate::x509, 8 << 10),
    target("upload", certificate::upload, 8 << 10),
    target("cms_signed", signed::cms_signed, 8 << 10),
    target("cms_enveloped", signed::cms_enveloped, 8 << 10),
    target("mdm_signature", signed::mdm_signature, 8 << 10),
    target("token_file", token::token_file, 8 << 10),
    target("token_text", token::token_text, 4 << 10),
    target("scep", scep::scep, 8 << 10),
    target("scep_signed", scep::scep_signed, 4 << 10),
    target("odata", odata::odata, 4 << 10),
    target("url", odata::url, 4 << 10),
    target("csv", lists::csv, 8 << 10),
    target("portal_csv", lists::portal_csv, 8 << 10),
    target("ade", apple::ade, 8 << 10),
    target("forwarded", forwarded::forwarded, 8 << 10),
];

/// Runs one input through the target of this name.
///
/// # Panics
/// If the target finds something, or there is none of this name.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(input);
}
