//! Reads schemas, and writes their canonical form on the way: that has the order and the members which the
//! fingerprint is taken of, and names are complete in it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::node::{Field, Meaning, Node, SchemaProblem, Unit};
use crate::value::json::escape::encode;

/// What was read of a text.
pub(super) struct Parsed {
    pub(super) nodes: Vec<Node>,
    pub(super) root: usize,
    pub(super) canonical: String,
}

/// Reads the text of a schema.
pub(super) fn parse(text: &str) -> Result<Parsed, SchemaProblem> {
    let value = serde_json::from_str(text);
    let value: Value = value.map_err(|error| problem(format!("is not JSON: {error}")))?;
    let mut parser = Parser::default();
    let root = parser.any(&value, "")?;
    Ok(Parsed {
        nodes: parser.nodes,
        root,
        canonical: String::from_utf8_lossy(&parser.canonical).into_owned(),
    })
}

fn problem(text: impl Into<String>) -> SchemaProblem {
    SchemaProblem(text.into())
}

#[derive(Default)]
struct Parser {
    nodes: Vec<Node>,
    /// The types that have names, by their full ones.
    named: HashMap<String, usize>,
    canonical: Vec<u8>,
}

/// The members of an object that may be a type.
type Members = Map<String, Value>;

impl Parser {
    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn set(&mut self, number: usize, node: Node) {
        if let Some(known) = self.nodes.get_mut(number) {
            *known = node;
        }
    }

    fn write(&mut self, text: &str) {
        self.canonical.extend_from_slice(text.as_bytes());
    }

    fn write_string(&mut self, text: &str) {
        encode(text.as_bytes(), &mut self.canonical);
    }

    /// Reads a type inside of a namespace. Its depth is that of the JSON text, which has a limit.
    fn any(&mut self, value: &Value, namespace: &str) -> Result<usize, SchemaProblem> {
        match value {
            Value::String(name) => self.by_name(name, namespace, None),
            Value::Array(branches) => self.union(branches, namespace),
            Value::Object(members) => self.object(members, namespace),
            other => Err(problem(format!(
                "a type is a name, an object or a list of types, not {other}"
            ))),
        }
    }

    /// Reads a primitive type, or one that is defined before; `members` may say what a primitive one means.
    fn by_name(
        &mut self,
        name: &str,
        namespace: &str,
        members: Option<&Members>,
    ) -> Result<usize, SchemaProblem> {
        let meaning = members.map_or(Meaning::Itself, meaning);
        let is = |allowed: bool| if allowed { meaning } else { Meaning::Itself };
        let node = match name {
            "null" => Node::Null,
            "boolean" => Node::Boolean,
            "int" => Node::Int(is(meaning.is_of_int())),
            "long" => Node::Long(is(meaning.is_of_long())),
            "float" => Node::Float,
            "double" => Node::Double,
            "bytes" => Node::Bytes(is(matches!(meaning, Meaning::Decimal(_)))),
            "string" => Node::String,
            name => {
                let full = full_name(name, namespace);
                let known = self.named.get(&full).copied();
                let known = known.ok_or_else(|| {
                    problem(format!(
                        "the type \"{full}\" is neither one of Avro nor defined before"
                    ))
                })?;
                self.write_string(&full);
                return Ok(known);
            }
        };
        self.write_string(name);
        Ok(self.add(node))
    }

    fn union(&mut self, branches: &[Value], namespace: &str) -> Result<usize, SchemaProblem> {
        self.write("[");
        let mut numbers = Vec::with_capacity(branches.len());
        for branch in branches {
            if !numbers.is_empty() {
                self.write(",");
            }
            let number = self.any(branch, namespace)?;
            if let Some(Node::Union(_)) = self.nodes.get(number) {
                return Err(problem("a union holds no other union directly"));
            }
            numbers.push(number);
        }
        self.write("]");
        Ok(self.add(Node::Union(numbers)))
    }

    fn object(&mut self, members: &Members, namespace: &str) -> Result<usize, SchemaProblem> {
        let kind = member(members, "type", "a type")?;
        let Value::String(kind) = kind else {
            return self.any(kind, namespace);
        };
        match kind.as_str() {
            "record" | "error" => self.record(members, namespace),
            "enum" => self.symbols(members, namespace),
            "fixed" => self.fixed(members, namespace),
            "array" => {
                self.write("{\"type\":\"array\",\"items\":");
                let items = self.any(member(members, "items", "an array")?, namespace)?;
                self.write("}");
                Ok(self.add(Node::Array(items)))
            }
            "map" => {
                self.write("{\"type\":\"map\",\"values\":");
                let values = self.any(member(members, "values", "a map")?, namespace)?;
                self.write("}");
                Ok(self.add(Node::Map(values)))
            }
            name => self.by_name(name, namespace, Some(members)),
        }
    }

    /// Reads the name of a type, under which its own parts may name it; returns its number and its namespace.
    fn define(
        &mut self,
        members: &Members,
        kind: &str,
        namespace: &str,
    ) -> Result<(usize, String), SchemaProblem> {
        let name = text(member(members, "name", kind)?, "name", kind)?;
        let own = match members.get("namespace") {
            Some(Value::String(own)) => own.as_str(),
            _ => namespace,
        };
        let full = full_name(name, own);
        self.write("{\"name\":");
        self.write_string(&full);
        self.write(&format!(",\"type\":\"{kind}\""));
        let number = self.add(Node::Null);
        let inner = full.rsplit_once('.').map_or("", |(space, _)| space);
        let inner = inner.to_owned();
        if self.named.insert(full.clone(), number).is_some() {
            return Err(problem(format!("the type \"{full}\" is defined twice")));
        }
        Ok((number, inner))
    }

    fn record(&mut self, members: &Members, namespace: &str) -> Result<usize, SchemaProblem> {
        let kind = match members.get("type").and_then(Value::as_str) {
            Some("error") => "error",
            _ => "record",
        };
        let (number, inner) = self.define(members, kind, namespace)?;
        let fields = list(member(members, "fields", "a record")?, "fields")?;
        self.write(",\"fields\":[");
        let mut read = Vec::with_capacity(fields.len());
        for field in fields {
            let Value::Object(field) = field else {
                return Err(problem("a field of a record is an object"));
            };
            let name = text(member(field, "name", "a field")?, "name", "a field")?;
            if !read.is_empty() {
                self.write(",");
            }
            self.write("{\"name\":");
            self.write_string(name);
            self.write(",\"type\":");
            let node = self.any(member(field, "type", "a field")?, &inner)?;
            self.write("}");
            let mut prefix = json_string(name);
            prefix.push(b':');
            read.push(Field { prefix, node });
        }
        self.write("]}");
        self.set(number, Node::Record(read));
        Ok(number)
    }

    fn symbols(&mut self, members: &Members, namespace: &str) -> Result<usize, SchemaProblem> {
        let (number, _) = self.define(members, "enum", namespace)?;
        let symbols = list(member(members, "symbols", "an enum")?, "symbols")?;
        self.write(",\"symbols\":[");
        let mut read = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            let symbol = text(symbol, "symbols", "an enum")?;
            if !read.is_empty() {
                self.write(",");
            }
            self.write_string(symbol);
            read.push(json_string(symbol));
        }
        self.write("]}");
        self.set(number, Node::Enum(read));
        Ok(number)
    }

    fn fixed(&mut self, members: &Members, namespace: &str) -> Result<usize, SchemaProblem> {
        let (number, _) = self.define(members, "fixed", namespace)?;
        let size = member(members, "size", "a fixed")?;
        let size = size.as_u64().and_then(|size| usize::try_from(size).ok());
        let size = size.ok_or_else(|| problem("the \"size\" of a fixed is a whole number"))?;
        self.write(&format!(",\"size\":{size}}}"));
        let meaning = match meaning(members) {
            decimal @ Meaning::Decimal(_) => decimal,
            Meaning::Uuid if size == 16 => Meaning::Uuid,
            _ => Meaning::Itself,
        };
        self.set(number, Node::Fixed(size, meaning));
        Ok(number)
    }
}

/// Returns what a type stands for; what is not known or not complete is left out of account, as Avro wants it.
fn meaning(members: &Members) -> Meaning {
    let number = |name: &str| members.get(name).and_then(Value::as_u64);
    match members.get("logicalType").and_then(Value::as_str) {
        Some("decimal") => {
            let scale = match members.get("scale") {
                None => Some(0),
                Some(_) => number("scale"),
            };
            match (number("precision"), scale) {
                // A type of silver has 38 digits, and text of a value has no more than twice its bytes.
                (Some(precision), Some(scale)) if (scale..=MOST_DIGITS).contains(&precision) => {
                    usize::try_from(scale).map_or(Meaning::Itself, Meaning::Decimal)
                }
                _ => Meaning::Itself,
            }
        }
        Some("date") => Meaning::Date,
        Some("time-millis") => Meaning::Time(Unit::Millis),
        Some("time-micros") => Meaning::Time(Unit::Micros),
        Some("timestamp-millis") => Meaning::Timestamp(Unit::Millis),
        Some("timestamp-micros") => Meaning::Timestamp(Unit::Micros),
        Some("timestamp-nanos") => Meaning::Timestamp(Unit::Nanos),
        Some("local-timestamp-millis") => Meaning::LocalTimestamp(Unit::Millis),
        Some("local-timestamp-micros") => Meaning::LocalTimestamp(Unit::Micros),
        Some("local-timestamp-nanos") => Meaning::LocalTimestamp(Unit::Nanos),
        Some("uuid") => Meaning::Uuid,
        _ => Meaning::Itself,
    }
}

/// The most digits that a decimal has; of more, it is bytes.
const MOST_DIGITS: u64 = 1_000;

impl Meaning {
    fn is_of_int(self) -> bool {
        matches!(self, Self::Date | Self::Time(Unit::Millis))
    }

    fn is_of_long(self) -> bool {
        matches!(
            self,
            Self::Time(Unit::Micros) | Self::Timestamp(_) | Self::LocalTimestamp(_)
        )
    }
}

/// Returns the full name; one that has dots is full.
fn full_name(name: &str, namespace: &str) -> String {
    match name.contains('.') || namespace.is_empty() {
        true => name.to_owned(),
        false => format!("{namespace}.{name}"),
    }
}

fn member<'v>(members: &'v Members, name: &str, of: &str) -> Result<&'v Value, SchemaProblem> {
    let value = members.get(name);
    value.ok_or_else(|| problem(format!("{of} has no \"{name}\"")))
}

fn text<'v>(value: &'v Value, name: &str, of: &str) -> Result<&'v str, SchemaProblem> {
    let text = value.as_str();
    text.ok_or_else(|| problem(format!("\"{name}\" of {of} must be text")))
}

fn list<'v>(value: &'v Value, name: &str) -> Result<&'v [Value], SchemaProblem> {
    let list = value.as_array();
    let list = list.ok_or_else(|| problem(format!("\"{name}\" must be a list")))?;
    Ok(list)
}

fn json_string(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    encode(text.as_bytes(), &mut out);
    out
}
