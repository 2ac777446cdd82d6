//! Every input that is kept in `fuzz/corpus`, and mutations of it, through its target: what a fuzzer found once stays
//! found where there is no fuzzer.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use muster_fuzz_bodies::{TARGETS, Target};

/// Mutations tried of each kept input. With them the test takes seconds; libFuzzer tries as many in one.
const MUTATIONS: u64 = 200;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The inputs of a target by name, in order.
fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut inputs: Vec<_> = paths
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

/// splitmix64: the same mutations on every machine and every day.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// An input with up to four changes, some taken from another input of the same target.
fn mutated(input: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(4) {
        let (at, length) = (chance.below(bytes.len() + 1), 1 + chance.below(16));
        let end = (at + length).min(bytes.len());
        match chance.below(5) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 if at < bytes.len() => bytes[at] = chance.next() as u8,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let from = chance.below(other.len() + 1);
                let piece = &other[from..(from + length * 8).min(other.len())];
                bytes.splice(at..end, piece.iter().copied());
            }
            _ => {
                let piece = bytes[at..end].repeat(1 + chance.below(8));
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn what_was_found_stays_found() {
    for target in TARGETS {
        for (name, input) in corpus(target) {
            let outcome = catch_unwind(|| (target.run)(&input));
            assert!(outcome.is_ok(), "fuzz/corpus/{}/{name}", target.name);
        }
    }
}

#[test]
fn a_short_run_of_each_target_finds_nothing() {
    for target in TARGETS {
        let inputs = corpus(target);
        let mut chance = Chance(7);
        for (name, input) in &inputs {
            for round in 0..MUTATIONS {
                let (_, other) = &inputs[chance.below(inputs.len())];
                let input = mutated(input, other, &mut chance);
                let outcome = catch_unwind(|| (target.run)(&input));
                assert!(outcome.is_ok(), "{}: {name}, round {round}: {}", target.name, input.escape_ascii());
            }
        }
    }
}

#[test]
fn every_target_has_a_program_a_corpus_and_a_line_that_says_how_it_was_made() {
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let made = fs::read_to_string(fuzz().join("corpus/README.md")).unwrap();
    for Target { name, .. } in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml has no program {name}");
        let program = fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("bodies::run(\"{name}\", input)")), "{program}");
        assert!(made.contains(&format!("| `{name}` |")), "fuzz/corpus/README.md has no line for {name}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    let folders = fs::read_dir(fuzz().join("corpus")).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(folders.filter(|path| path.is_dir()).count(), TARGETS.len());
}
