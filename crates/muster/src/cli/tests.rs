use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory as _};

use super::Arguments;

/// Wide enough for every example to stay on one line.
const WIDTH: usize = 110;

fn program() -> Command {
    let mut program = Arguments::command().term_width(WIDTH);
    program.build();
    // What the environment of the test happens to hold is no part of the page.
    plain(program)
}

fn plain(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command = command.mut_args(|argument| argument.hide_env_values(true)).term_width(WIDTH);
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, plain))
}

/// Every command with its path, parents first; without those that clap adds.
fn commands(command: &Command, path: &str) -> Vec<(String, Command)> {
    let mut all = vec![(path.to_owned(), command.clone())];
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        all.extend(commands(sub, &format!("{path} {}", sub.get_name())));
    }
    all
}

fn is_leaf(command: &Command) -> bool {
    command.get_subcommands().next().is_none()
}

#[test]
fn the_command_line_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn every_command_that_does_something_shows_an_example_of_itself() {
    let mut bare = Vec::new();
    for (path, mut command) in commands(&program(), "muster") {
        if is_leaf(&command) && !command.render_long_help().to_string().contains(&format!("Example: {path}"))
        {
            bare.push(path);
        }
    }
    assert!(bare.is_empty(), "without an example: {bare:#?}");
}

#[test]
fn every_example_is_a_line_that_the_program_understands() {
    for (path, mut command) in commands(&program(), "muster") {
        let help = command.render_long_help().to_string();
        let text = help.split("\n\nUsage:").next().unwrap();
        let Some(example) = text.split("Example: ").nth(1) else { continue };
        let example = example.split(['>', '\n']).next().unwrap().trim();
        let words = shell_words(example);
        let parsed = Arguments::command().try_get_matches_from(&words);
        assert!(parsed.is_ok(), "{path}: {example}: {}", parsed.unwrap_err());
    }
}

/// Splits a line at blanks outside of double quotes.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = None;
    for character in line.chars() {
        match (character, quoted) {
            ('"' | '\'', None) => quoted = Some(character),
            (c, Some(q)) if c == q => quoted = None,
            (' ', None) => words.push(String::new()),
            (other, _) => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn the_help_pages_are_as_written_down() {
    let mut pages = String::new();
    for (path, command) in commands(&program(), "muster") {
        // What every command takes is on the first page.
        let mut command = match path.contains(' ') {
            true => command.mut_args(|argument| {
                let everywhere = argument.is_global_set() || argument.get_id() == "help";
                argument.hide(everywhere)
            }),
            false => command,
        };
        let help = command.render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        writeln!(pages, "$ {path} --help\n{}\n", lines.join("\n")).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help.txt");
    if std::env::var_os("MUSTER_BLESS").is_some() {
        std::fs::write(&path, &pages).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let words =
        "tests/help.txt is not up to date: run this test with MUSTER_BLESS=1 and look at what changed";
    assert!(written == pages, "{words}");
}
