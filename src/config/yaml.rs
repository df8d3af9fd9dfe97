//! YAML as a tree of nodes with their locations, with scalars as the `yaml` package of JavaScript reads them.

use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Budget, Location, MergeKeyPolicy, Options, Spanned};

use super::diagnostic::Diagnostic;
use super::source::Source;

/// The size in bytes of the stack that documents are parsed on.
const STACK_SIZE: usize = 64 * 1024 * 1024;

/// The maximum number of levels that the parser reads. It is above [`MAX_DEPTH`], so that a document that is too deep can
/// be reported with the location of the node.
const MAX_PARSED_DEPTH: usize = 256;

/// The maximum number of levels of a document. Beyond twice as many, the server stores values that no client can read.
const MAX_DEPTH: usize = 64;

/// A node and its location in the file.
#[derive(Debug, Clone)]
pub(super) struct YamlNode {
    /// The content.
    pub value: YamlValue,
    /// The bytes of the file that are underlined for this node: a scalar as far as it is on its first line, else the first
    /// character.
    pub span: Range<usize>,
}

/// The content of a node.
#[derive(Debug, Clone)]
pub(super) enum YamlValue {
    /// Null, a boolean, a number or a string.
    Scalar(Value),
    /// A sequence.
    List(Vec<YamlNode>),
    /// A mapping, in file order; the range is the key's location.
    Map(Vec<(String, Range<usize>, YamlNode)>),
}

impl YamlNode {
    /// Returns the value of a key, if this is a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&YamlNode> {
        self.entries()
            .iter()
            .find(|(name, ..)| name == key)
            .map(|(.., node)| node)
    }

    /// Returns the entries, if this is a mapping.
    pub(super) fn entries(&self) -> &[(String, Range<usize>, YamlNode)] {
        match &self.value {
            YamlValue::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the elements, if this is a sequence.
    pub(super) fn items(&self) -> Option<&[YamlNode]> {
        match &self.value {
            YamlValue::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the text, if this is a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            YamlValue::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether this is null.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.value, YamlValue::Scalar(Value::Null))
    }

    /// Returns the value without locations. Integral floats are integers already.
    pub(super) fn json(&self) -> Value {
        match &self.value {
            YamlValue::Scalar(value) => value.clone(),
            YamlValue::List(items) => items.iter().map(YamlNode::json).collect(),
            YamlValue::Map(entries) => {
                let entries = entries.iter().map(|(key, _, node)| (key.clone(), node.json()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    /// Returns the type, with its article.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            YamlValue::Scalar(Value::Null) => "nothing",
            YamlValue::Scalar(Value::Bool(_)) => "a boolean",
            YamlValue::Scalar(Value::Number(_)) => "a number",
            YamlValue::Scalar(_) => "a string",
            YamlValue::List(_) => "a list",
            YamlValue::Map(_) => "a mapping",
        }
    }
}

/// Parses all documents of `text`, which starts at line `first_line` (from 1) of the source.
///
/// # Errors
/// When the syntax is broken, a limit is exceeded, or a value is nested too deep.
pub(super) fn parse(source: &Source, text: &str, first_line: usize) -> Result<Vec<YamlNode>, Box<Diagnostic>> {
    let raw = deserialize(text).map_err(|error| Box::new(syntax_error(source, first_line, &error)))?;
    let locator = Locator { source, first_line };
    let documents: Vec<YamlNode> = raw.into_iter().map(|node| locator.node(node)).collect();
    match documents.iter().find_map(|document| deeper_than(document, MAX_DEPTH)) {
        Some(node) => Err(Box::new(too_deep(source, node))),
        None => Ok(documents),
    }
}

/// Returns the values of all documents of a text, as models are read. `None` when it does not parse.
pub fn parse_values(text: &str) -> Option<Vec<Value>> {
    let documents = parse(&Source::new("", text), text, 1).ok()?;
    Some(documents.iter().map(YamlNode::json).collect())
}

/// Parses on a thread with a stack of its own: the parser is recursive, and its frames are large.
fn deserialize(text: &str) -> Result<Vec<Spanned<Raw>>, serde_saphyr::Error> {
    let parse = || serde_saphyr::from_multiple_with_options(text, options());
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK_SIZE);
        match builder.spawn_scoped(scope, parse) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // The system refused a thread, so the caller's stack has to do.
            Err(_) => parse(),
        }
    })
}

/// Returns the first node below the first `levels` levels.
fn deeper_than(node: &YamlNode, levels: usize) -> Option<&YamlNode> {
    let Some(levels) = levels.checked_sub(1) else {
        return Some(node);
    };
    match &node.value {
        YamlValue::Scalar(_) => None,
        YamlValue::List(items) => items.iter().find_map(|item| deeper_than(item, levels)),
        YamlValue::Map(entries) => entries.iter().find_map(|(.., item)| deeper_than(item, levels)),
    }
}

fn too_deep(source: &Source, node: &YamlNode) -> Diagnostic {
    let message = format!("values are nested more than {MAX_DEPTH} levels deep");
    Diagnostic::error("too-deep", message)
        .at(source, node.span.clone())
        .help("make the value flatter: servers and clients refuse deeper ones")
}

/// Returns the options with which this parser reads scalars as the `yaml` package of JavaScript does.
fn options() -> Options {
    // The limits stop small documents that expand to huge ones through aliases.
    let mut budget = Budget::default();
    budget.max_events = 200_000;
    budget.max_nodes = 100_000;
    budget.max_aliases = 1_000;
    budget.max_depth = MAX_PARSED_DEPTH;
    serde_saphyr::options! {
        // YAML 1.2: `yes`, `on` and `1_000` are texts, and `<<` is an ordinary key.
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        // The snippet of an error would print the line, which may hold a secret.
        with_snippet: false,
        budget: Some(budget),
    }
}

fn syntax_error(source: &Source, first_line: usize, error: &serde_saphyr::Error) -> Diagnostic {
    let message = error.without_snippet().to_string();
    let message = message.lines().next().unwrap_or("it cannot be read");
    // The parser's own location counts from the front matter, and its advice is for programmers.
    let message = [" at line ", ", set DuplicateKeyPolicy"]
        .iter()
        .fold(message, |message, end| message.split(end).next().unwrap_or(message));
    let message = message.trim_start_matches("error: ");
    let diagnostic = Diagnostic::error("yaml-syntax", format!("this is not valid YAML: {message}"));
    let locator = Locator { source, first_line };
    let offset = error
        .location()
        .map_or_else(|| source.line_start(first_line), |location| locator.offset(location));
    diagnostic.at(source, offset..offset)
}

/// Turns locations of the parser into bytes of the file.
struct Locator<'a> {
    source: &'a Source,
    /// The line of the file, from 1, on which the parsed text begins.
    first_line: usize,
}

impl Locator<'_> {
    fn offset(&self, location: Location) -> usize {
        let line = usize::try_from(location.line()).unwrap_or(1).max(1);
        let column = usize::try_from(location.column()).unwrap_or(1).max(1);
        self.source.offset(line + self.first_line - 1, column)
    }

    /// Returns the bytes of a node: a scalar up to the end of its line, else the first character.
    fn span(&self, location: Location, scalar: bool) -> Range<usize> {
        let start = self.offset(location);
        let rest = self.source.text.get(start..).unwrap_or("");
        let line = rest.split(['\n', '\r']).next().unwrap_or("");
        let length = location
            .span()
            .byte_len()
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        let length = if scalar && length > 0 && rest.is_char_boundary(length) {
            length
        } else {
            0
        };
        let shown = if length == 0 {
            line.chars().next().map_or(0, char::len_utf8)
        } else {
            length.min(line.len())
        };
        start..start + shown
    }

    fn node(&self, raw: Spanned<Raw>) -> YamlNode {
        let scalar = matches!(raw.value, Raw::Scalar(_));
        let span = self.span(raw.referenced, scalar);
        let value = match raw.value {
            Raw::Scalar(value) => YamlValue::Scalar(value),
            Raw::List(items) => YamlValue::List(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(entries) => YamlValue::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        let span = self.span(key.referenced, true);
                        (key.value.key(), span, self.node(value))
                    })
                    .collect(),
            ),
        };
        YamlNode { value, span }
    }
}

/// A node as the parser delivers it.
enum Raw {
    Scalar(Value),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl Raw {
    /// Returns the object key that JavaScript would make of the node. Lists and mappings, which JSON cannot have as keys,
    /// become an empty one.
    fn key(self) -> String {
        match self {
            Self::Scalar(Value::String(text)) => text,
            Self::Scalar(value) => value.to_string(),
            Self::List(_) | Self::Map(_) => String::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        // JavaScript writes `1.0` as `1`. From 2^53 on, a float no longer holds every integer.
        let is_integer = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
        let number = if is_integer {
            Some(Number::from(value as i64))
        } else {
            Number::from_f64(value)
        };
        Ok(Raw::Scalar(number.map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
