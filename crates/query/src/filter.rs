//! The grammar of `$filter`: tokens to a tree.
//!
//! `not` binds looser than a comparison, so that `not a eq b` means what its author meant; the standard's
//! `(not a) eq b` would compare a truth value with a text. Operators and functions are read in any case.

use crate::error::{Error, short};
use crate::expr::{BinaryOp, Expr, Function, Literal, Path, Quantifier};
use crate::lex::{self, Placed, Token};
use crate::limits::{MAX_CLAUSES, MAX_DEPTH, MAX_IN_LIST, MAX_LAMBDAS, MAX_PATH_SEGMENTS, MAX_QUERY_BYTES};

/// Reads the decoded value of a `$filter`.
///
/// # Errors
/// [`Error::Syntax`] with the position, or [`Error::Limit`].
pub fn parse_filter(text: &str) -> Result<Expr, Error> {
    let mut parser = Parser::new("$filter", text)?;
    let expr = parser.or()?;
    parser.end("'and', 'or', or the end")?;
    Ok(expr)
}

/// A place in the tokens of one option. `$orderby` and `$select` read their paths with it, too.
pub(crate) struct Parser {
    option: String,
    tokens: std::vec::IntoIter<Placed>,
    next: Placed,
    depth: usize,
    lambdas: usize,
    clauses: usize,
}

impl Parser {
    pub(crate) fn new(option: &str, text: &str) -> Result<Self, Error> {
        if text.len() > MAX_QUERY_BYTES {
            return Err(limit(option, "bytes", MAX_QUERY_BYTES));
        }
        // No engine takes a NUL in text; see `percent`.
        if text.contains('\0') {
            return Err(Error::Encoding { part: option.to_owned() });
        }
        let mut tokens = lex::tokens(option, text)?.into_iter();
        let next = tokens.next().unwrap_or_else(|| end_at(1));
        Ok(Self { option: option.to_owned(), tokens, next, depth: 0, lambdas: 0, clauses: 0 })
    }

    fn advance(&mut self) -> Placed {
        let after = self.tokens.next().unwrap_or_else(|| end_at(self.next.position));
        std::mem::replace(&mut self.next, after)
    }

    /// Takes the next token if it is this one.
    pub(crate) fn take(&mut self, token: &Token) -> bool {
        let found = self.next.token == *token;
        if found {
            self.advance();
        }
        found
    }

    /// Takes the next token if it is this word, in any case.
    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(&self.next.token, Token::Word(it) if it.eq_ignore_ascii_case(word));
        if found {
            self.advance();
        }
        found
    }

    fn need(&mut self, token: &Token, expected: &str) -> Result<(), Error> {
        if self.take(token) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    pub(crate) fn end(&mut self, expected: &str) -> Result<(), Error> {
        self.need(&Token::End, expected)
    }

    pub(crate) fn unexpected(&self, expected: &str) -> Error {
        let found = match self.next.token {
            Token::End => "the end".to_owned(),
            _ => format!("'{}'", short(&self.next.text)),
        };
        Error::Syntax {
            option: self.option.clone(),
            position: self.next.position,
            expected: expected.to_owned(),
            found,
        }
    }

    /// Runs `read` one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return Err(limit(&self.option, "levels of nesting", MAX_DEPTH));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn count_clause(&mut self) -> Result<(), Error> {
        self.clauses += 1;
        if self.clauses > MAX_CLAUSES {
            return Err(limit(&self.option, "clauses", MAX_CLAUSES));
        }
        Ok(())
    }

    fn or(&mut self) -> Result<Expr, Error> {
        let first = self.and()?;
        if !self.take_word("or") {
            return Ok(first);
        }
        let mut parts = vec![first, self.and()?];
        while self.take_word("or") {
            parts.push(self.and()?);
        }
        Ok(Expr::Or(parts))
    }

    fn and(&mut self) -> Result<Expr, Error> {
        let first = self.not()?;
        if !self.take_word("and") {
            return Ok(first);
        }
        let mut parts = vec![first, self.not()?];
        while self.take_word("and") {
            parts.push(self.not()?);
        }
        Ok(Expr::And(parts))
    }

    fn not(&mut self) -> Result<Expr, Error> {
        if self.take_word("not") {
            return Ok(Expr::Not(Box::new(self.deeper(Self::not)?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, Error> {
        if self.next.token != Token::Open {
            self.count_clause()?;
        }
        let left = self.operand()?;
        let Token::Word(word) = &self.next.token else { return Ok(left) };
        if word.eq_ignore_ascii_case("in") {
            self.advance();
            return Ok(Expr::In(Box::new(left), self.list()?));
        }
        let Some(op) = BinaryOp::from_word(word) else { return Ok(left) };
        self.advance();
        Ok(Expr::Compare(Box::new(left), op, Box::new(self.operand()?)))
    }

    fn list(&mut self) -> Result<Vec<Literal>, Error> {
        self.need(&Token::Open, "'(' and a list of values")?;
        let mut list = Vec::new();
        if self.take(&Token::Close) {
            return Ok(list);
        }
        loop {
            if list.len() == MAX_IN_LIST {
                return Err(limit(&self.option, "values in one list", MAX_IN_LIST));
            }
            list.push(self.literal("a value such as 'text', 5 or true")?);
            if self.take(&Token::Close) {
                return Ok(list);
            }
            self.need(&Token::Comma, "',' or ')'")?;
        }
    }

    fn literal(&mut self, expected: &str) -> Result<Literal, Error> {
        if let Token::Literal(literal) = &self.next.token {
            let literal = literal.clone();
            self.advance();
            return Ok(literal);
        }
        Err(self.unexpected(expected))
    }

    fn operand(&mut self) -> Result<Expr, Error> {
        const EXPECTED: &str = "a property, a function, a value or '('";
        match &self.next.token {
            Token::Literal(_) => Ok(Expr::Literal(self.literal(EXPECTED)?)),
            Token::Open => {
                self.advance();
                let inner = self.deeper(Self::or)?;
                self.need(&Token::Close, "')'")?;
                Ok(inner)
            }
            Token::Word(_) => self.named(EXPECTED),
            _ => Err(self.unexpected(EXPECTED)),
        }
    }

    /// A call, a lambda or a path.
    fn named(&mut self, expected: &str) -> Result<Expr, Error> {
        let begins = self.next.clone();
        let mut path = self.path(expected)?;
        if self.next.token != Token::Open {
            return Ok(Expr::Path(path));
        }
        let name = path.0.pop().unwrap_or_default();
        if let (false, Some(quantifier)) = (path.0.is_empty(), Quantifier::from_word(&name)) {
            return self.lambda(path, quantifier);
        }
        if path.0.is_empty() && name.eq_ignore_ascii_case("isof") {
            return self.is_of();
        }
        match (path.0.is_empty(), Function::from_word(&name)) {
            (true, Some(function)) => self.call(function),
            _ => {
                let known: Vec<_> = Function::ALL.iter().map(|it| it.word()).collect();
                self.next = begins;
                Err(self.unexpected(&format!("one of the functions isof, {}", known.join(", "))))
            }
        }
    }

    fn call(&mut self, function: Function) -> Result<Expr, Error> {
        self.need(&Token::Open, "'('")?;
        let wanted = match function {
            Function::ToLower | Function::ToUpper | Function::Length => 1,
            _ => 2,
        };
        let mut arguments = vec![self.deeper(Self::operand)?];
        while arguments.len() < wanted {
            self.need(&Token::Comma, "',' and a second argument")?;
            arguments.push(self.deeper(Self::operand)?);
        }
        self.need(&Token::Close, "')'")?;
        Ok(Expr::Call(function, arguments))
    }

    /// `isof('type')`, `isof(type)`, `isof(path, 'type')`: clients write the type with and without quotes.
    fn is_of(&mut self) -> Result<Expr, Error> {
        const EXPECTED: &str = "a type such as 'microsoft.graph.iosVppApp'";
        self.need(&Token::Open, "'('")?;
        let path = match &self.next.token {
            Token::Word(word) if !word.contains('.') => {
                let path = self.path(EXPECTED)?;
                self.need(&Token::Comma, "',' and a type")?;
                Some(path)
            }
            _ => None,
        };
        let name = match &self.next.token {
            Token::Word(name) | Token::Literal(Literal::Text(name)) => {
                name.trim_start_matches('#').to_owned()
            }
            _ => return Err(self.unexpected(EXPECTED)),
        };
        self.advance();
        self.need(&Token::Close, "')'")?;
        Ok(Expr::IsOf(path, name))
    }

    fn lambda(&mut self, path: Path, quantifier: Quantifier) -> Result<Expr, Error> {
        self.need(&Token::Open, "'('")?;
        if self.take(&Token::Close) {
            return Ok(Expr::Lambda { path, quantifier, body: None });
        }
        let Token::Word(variable) = &self.next.token else {
            return Err(self.unexpected("a variable and ':', such as a:a/b eq 'c'"));
        };
        let variable = variable.clone();
        self.advance();
        self.need(&Token::Colon, "':'")?;
        if self.lambdas == MAX_LAMBDAS {
            return Err(limit(&self.option, "lambdas inside one another", MAX_LAMBDAS));
        }
        self.lambdas += 1;
        let body = self.deeper(Self::or)?;
        self.lambdas -= 1;
        self.need(&Token::Close, "')'")?;
        Ok(Expr::Lambda { path, quantifier, body: Some((variable, Box::new(body))) })
    }

    /// Names separated by `/`.
    pub(crate) fn path(&mut self, expected: &str) -> Result<Path, Error> {
        let mut segments = vec![self.name(expected)?];
        while self.take(&Token::Slash) {
            if segments.len() == MAX_PATH_SEGMENTS {
                return Err(limit(&self.option, "names in one path", MAX_PATH_SEGMENTS));
            }
            segments.push(self.name("a property after '/'")?);
        }
        Ok(Path(segments))
    }

    fn name(&mut self, expected: &str) -> Result<String, Error> {
        let Token::Word(name) = &self.next.token else { return Err(self.unexpected(expected)) };
        let name = name.clone();
        self.advance();
        Ok(name)
    }
}

fn end_at(position: usize) -> Placed {
    Placed { token: Token::End, position, text: String::new() }
}

pub(crate) fn limit(part: &str, what: &'static str, limit: usize) -> Error {
    Error::Limit { part: part.to_owned(), what, limit }
}
