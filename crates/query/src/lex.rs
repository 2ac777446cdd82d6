//! Text to tokens. All of a text is read at once; [`crate::MAX_QUERY_BYTES`] bounds it.

use winnow::Result as Lexed;
use winnow::ascii::digit1;
use winnow::combinator::{alt, delimited, not, opt, peek, repeat};
use winnow::prelude::*;
use winnow::token::{one_of, take_while};

use crate::error::{Error, short};
use crate::expr::Literal;
use crate::time;

/// What stands at one place of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Literal(Literal),
    Open,
    Close,
    Comma,
    Colon,
    Slash,
    Star,
    End,
}

/// A token, where it begins (characters from 1), and its text.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) position: usize,
    pub(crate) text: String,
}

/// Reads all tokens of `text`; the last one is always [`Token::End`].
pub(crate) fn tokens(option: &str, text: &str) -> Result<Vec<Placed>, Error> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut position = 1;
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        position += rest.len() - trimmed.len();
        rest = trimmed;
        if rest.is_empty() {
            tokens.push(Placed { token: Token::End, position, text: String::new() });
            return Ok(tokens);
        }
        let before = rest;
        let Ok(token) = token(&mut rest) else {
            return Err(Error::Syntax {
                option: option.to_owned(),
                position,
                expected: expected_instead(before).to_owned(),
                found: format!("'{}'", short(before)),
            });
        };
        let read = before.get(..before.len() - rest.len()).unwrap_or_default();
        tokens.push(Placed { token, position, text: read.to_owned() });
        position += read.chars().count();
    }
}

/// What the author probably meant, for text that begins no token.
fn expected_instead(text: &str) -> &'static str {
    match text.chars().next() {
        Some('"') => "text in single quotes instead of double quotes",
        Some('0'..='9' | '-') => "a number, a GUID, or a date such as 2026-01-31T00:00:00Z",
        Some('=' | '<' | '>' | '!') => "an operator in letters: eq, ne, gt, lt, ge or le",
        Some('&' | '|') => "'and' or 'or' in letters",
        _ if text.contains('\'') => {
            "text that ends with a single quote (a quote inside text is written twice)"
        }
        _ => "a property, a value, an operator or a parenthesis",
    }
}

fn token(input: &mut &str) -> Lexed<Token> {
    alt((
        punctuation,
        quoted.map(|text| Token::Literal(Literal::Text(text))),
        guid.map(|text: &str| Token::Literal(Literal::Guid(text.to_owned()))),
        date.map(|text| Token::Literal(Literal::Time(text))),
        number.map(Token::Literal),
        word_or_typed,
    ))
    .parse_next(input)
}

fn punctuation(input: &mut &str) -> Lexed<Token> {
    alt((
        '('.value(Token::Open),
        ')'.value(Token::Close),
        ','.value(Token::Comma),
        ':'.value(Token::Colon),
        '/'.value(Token::Slash),
        '*'.value(Token::Star),
    ))
    .parse_next(input)
}

fn quoted(input: &mut &str) -> Lexed<String> {
    let piece = alt((take_while(1.., |c| c != '\''), "''".value("'")));
    let text = repeat(0.., piece).fold(String::new, |mut text, piece: &str| {
        text.push_str(piece);
        text
    });
    delimited('\'', text, '\'').parse_next(input)
}

fn guid<'a>(input: &mut &'a str) -> Lexed<&'a str> {
    (hex(8), '-', hex(4), '-', hex(4), '-', hex(4), '-', hex(12), ends).take().parse_next(input)
}

fn hex<'a>(count: usize) -> impl Parser<&'a str, &'a str, winnow::error::ContextError> {
    take_while(count..=count, |c: char| c.is_ascii_hexdigit())
}

/// A value ends where a word could not go on, so that `12ab` is not the number 12.
fn ends(input: &mut &str) -> Lexed<()> {
    not(peek(one_of(|c: char| is_word(c) || matches!(c, '-' | '+' | '\'')))).parse_next(input)
}

/// A date or date-time. A client that forgets to encode the `+` of an offset sends a space; nothing else can follow a
/// value that way, so the plus is put back.
fn date(input: &mut &str) -> Lexed<String> {
    let day = (digits(4), '-', digits(2), '-', digits(2));
    let clock = take_while(0.., |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '+' | '-'));
    let lost_plus = opt((' ', digits(2), ':', digits(2)));
    (day, clock, lost_plus, ends)
        .take()
        .map(|text: &str| text.replace(' ', "+"))
        .verify(|text: &str| time::micros(text).is_some())
        .parse_next(input)
}

fn digits<'a>(count: usize) -> impl Parser<&'a str, &'a str, winnow::error::ContextError> {
    take_while(count..=count, |c: char| c.is_ascii_digit())
}

fn number(input: &mut &str) -> Lexed<Literal> {
    let fraction = opt(('.', digit1));
    let exponent = opt((one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1));
    (opt('-'), digit1, fraction, exponent, ends)
        .take()
        .verify_map(|text: &str| match text.parse() {
            Ok(whole) => Some(Literal::Int(whole)),
            Err(_) => text.parse().is_ok_and(f64::is_finite).then(|| Literal::Decimal(text.to_owned())),
        })
        .parse_next(input)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '$')
}

fn word_or_typed(input: &mut &str) -> Lexed<Token> {
    let first = one_of(|c: char| is_word(c) && !c.is_ascii_digit() && c != '.');
    let word: &str = (first, take_while(0.., is_word)).take().parse_next(input)?;
    if input.starts_with('\'') {
        let text = quoted.parse_next(input)?;
        return Ok(Token::Literal(Literal::Typed(word.to_owned(), text)));
    }
    Ok(match word {
        _ if word.eq_ignore_ascii_case("null") => Token::Literal(Literal::Null),
        _ if word.eq_ignore_ascii_case("true") => Token::Literal(Literal::Bool(true)),
        _ if word.eq_ignore_ascii_case("false") => Token::Literal(Literal::Bool(false)),
        _ => Token::Word(word.to_owned()),
    })
}
