//! What a stranger's bytes may cost before anybody knows who sent them: the classic bombs, each through every reader
//! that a stranger reaches, with what it allocates counted. Counting is the same on every machine; time is only
//! printed (`cargo test -p muster-fuzz-bodies --test bombs -- --nocapture`).
#![expect(unsafe_code, reason = "an allocator is an unsafe trait; this one passes everything on and counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Instant;

use mdm::checkin::ChannelMessage;
use mdm::machine_info::MachineInfo;
use muster_fuzz_bodies::{TARGETS, run};

/// The most memory at a time, bytes.
const MEMORY: usize = 5_000_000;
/// The most allocations that a bomb may make for each of its bytes: what it costs grows as it does, and no faster.
const ALLOCATIONS_A_BYTE: usize = 4;
/// Allocations that do not depend on the input: keys, tables.
const ALLOCATIONS_ALWAYS: usize = 20_000;
/// Bodies that a stranger may send: of MachineInfo, SCEP, and the part of a message that is read unseen.
const STRANGERS_BODY: usize = 64 << 10;

struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn note(bytes: isize) {
    // A thread that ends has no counters any more.
    let _ = NOW.try_with(|now| {
        now.set(now.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(now.get())));
        let _ = COUNT.try_with(|count| count.set(count.get() + usize::from(bytes > 0)));
    });
}

// SAFETY: every call goes to the system's allocator as it came; the counters are plain cells of the thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size() as isize);
        // SAFETY: the caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(-(layout.size() as isize));
        // SAFETY: the caller keeps the rules of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a reader cost.
struct Cost {
    bytes: usize,
    allocations: usize,
    micros: u128,
}

fn cost(read: impl FnOnce()) -> Cost {
    let (before, counted) = (NOW.get(), COUNT.get());
    MOST.set(before);
    let began = Instant::now();
    read();
    let micros = began.elapsed().as_micros();
    let bytes = usize::try_from(MOST.get() - before).unwrap_or_default();
    Cost { bytes, allocations: COUNT.get() - counted, micros }
}

fn filled(head: &str, piece: &str, tail: &str) -> Vec<u8> {
    let count = (STRANGERS_BODY - head.len() - tail.len()) / piece.len();
    [head, &piece.repeat(count), tail].concat().into_bytes()
}

/// Property lists made to hurt, each as large as a stranger's may be.
fn plists() -> Vec<(&'static str, Vec<u8>)> {
    let laughs = "<!DOCTYPE plist [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>\
                  <plist><string>&b;</string></plist>";
    vec![
        // CVE-2026-111923: 150 bytes that refer to themselves.
        (
            "binary, a circle",
            [&b"bplist00\xa2\x00\x00\x08"[..], &[0; 24], &[0, 1, 1, 0, 0, 0, 0, 0]].concat(),
        ),
        (
            "binary, a huge count",
            [&b"bplist00\xaf\x13\xff\xff\xff\xff\xff\xff\xff\xff"[..], &[0; 120]].concat(),
        ),
        ("deep", filled("<plist>", "<array>", "")),
        ("deep and closed", [vec!["<array>"; 4000], vec!["</array>"; 4000]].concat().concat().into_bytes()),
        ("wide", filled("<plist><array>", "<true/>", "</array></plist>")),
        ("wide, of dictionaries", filled("<plist><array>", "<dict/>", "</array></plist>")),
        ("many keys", filled("<plist><dict>", "<key>k</key><true/>", "</dict></plist>")),
        ("one text", filled("<plist><string>", "a", "</string></plist>")),
        ("references", filled("<plist><string>", "&amp;", "</string></plist>")),
        ("data", filled("<plist><data>", "AAAA", "</data></plist>")),
        ("comments", filled("<plist>", "<!---->", "<dict/></plist>")),
        ("billion laughs", laughs.as_bytes().to_vec()),
        ("a tag without end", filled("<plist><", "a", "")),
        ("attributes", filled("<plist ", "version=\"1.0\" ", "><dict/></plist>")),
    ]
}

/// BER made to hurt.
fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let pieces = [&[0x24, 0x80][..], &[0x04, 0x00].repeat(32_000), &[0, 0]].concat();
    let wide = [&[0x30, 0x80][..], &[0x30, 0x00].repeat(32_000), &[0, 0]].concat();
    vec![
        ("deep, indefinite", [0x30, 0x80].repeat(32_000)),
        ("deep pieces", [0x24, 0x80].repeat(32_000)),
        ("empty pieces", pieces),
        ("wide", wide),
        ("a length that lies", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30]),
        ("a length of 126 octets", [&[0x30, 0xfe][..], &[0xff; 126]].concat()),
        ("end markers", vec![0; STRANGERS_BODY]),
        ("signed, of many certificates", signed(&[0x30, 0x00].repeat(30_000), &[])),
        ("signed, of many signers", signed(&[], &[0x30, 0x00].repeat(30_000))),
    ]
}

/// SignedData with these certificates and signers.
fn signed(certificates: &[u8], signers: &[u8]) -> Vec<u8> {
    let indefinite = |tag: u8, inside: &[u8]| [&[tag, 0x80][..], inside, &[0, 0]].concat();
    let oid = |last: u8| [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last];
    let data = [
        &[2, 1, 1, 0x31, 0][..],
        &indefinite(0x30, &oid(1)),
        &indefinite(0xa0, certificates),
        &indefinite(0x31, signers),
    ];
    let data = indefinite(0x30, &data.concat());
    indefinite(0x30, &[&oid(2)[..], &indefinite(0xa0, &data)].concat())
}

/// Refuses: A
/// The bound of the class: less than 5 MB, and work in proportion to what was sent.
#[test]
fn no_bomb_costs_more_than_it_sends_by_much() {
    // Keys and tables are made once, before anything is counted.
    TARGETS.iter().for_each(|target| run(target.name, b""));
    for (name, bomb) in plists().into_iter().chain(messages()) {
        assert!(bomb.len() <= STRANGERS_BODY + 16, "{name}");
        for target in TARGETS {
            let cost = cost(|| run(target.name, &bomb));
            println!("{name:28} {:14} {:9} bytes {:7} µs", target.name, cost.bytes, cost.micros);
            assert!(cost.bytes < MEMORY, "{name} through {}: {} bytes", target.name, cost.bytes);
            let most = ALLOCATIONS_ALWAYS + ALLOCATIONS_A_BYTE * bomb.len();
            assert!(cost.allocations < most, "{name} through {}: {}", target.name, cost.allocations);
        }
    }
}

/// Refuses: A
#[test]
fn what_is_not_read_costs_nothing() {
    for (name, bomb) in plists() {
        for (reader, refused) in [
            ("MachineInfo", cost(|| assert!(MachineInfo::parse(&bomb).is_err()))),
            ("a message", cost(|| assert!(ChannelMessage::parse(&bomb).is_err()))),
        ] {
            println!("{name:28} {reader:14} {:9} bytes {:7} µs", refused.bytes, refused.micros);
            assert!(refused.bytes < MEMORY, "{name} as {reader}: {} bytes", refused.bytes);
        }
    }
}

/// The largest message of an enrolled device. It is known by then: what it may cost is its own bound.
#[test]
fn the_largest_message_of_a_device_is_bounded_too() {
    let head = "<plist><dict><key>UDID</key><string>u</string><key>Status</key><string>Idle</string>\
                <key>a</key><array>";
    let most = mdm::checkin::MAX_BODY;
    for piece in ["<dict/>", "<true/>", "<string>aaaaaaaaaa</string>", "<dict><key>k</key><true/></dict>"] {
        let elements = piece.matches('<').count() - piece.matches("</").count();
        let count = ((most - 200) / piece.len()).min((mdm::guard::MAX_ELEMENTS - 10) / elements);
        let body = [head, &piece.repeat(count), "</array></dict></plist>"].concat();
        let cost = cost(|| assert!(ChannelMessage::parse(body.as_bytes()).is_ok()));
        println!(
            "{count} of {piece}: {} bytes, {} allocations, {} µs",
            cost.bytes, cost.allocations, cost.micros
        );
        assert!(cost.bytes < 64 << 20, "{piece}: {}", cost.bytes);
    }
}

#[test]
fn the_counters_count() {
    let cost = cost(|| drop(vec![0_u8; 1_000_000]));
    assert!((1_000_000..1_001_000).contains(&cost.bytes) && cost.allocations >= 1);
}
