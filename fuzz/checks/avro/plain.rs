//! Values of Avro as JSON text, read in the simplest way: by the schema's JSON, without a type of its own.

use std::collections::HashMap;

use chrono::{DateTime, Datelike};
use num_bigint::BigInt;
use serde_json::{Map, Value};
use sluice::event::RejectReason;

use super::super::json;

type Written = Result<(), RejectReason>;

const BROKEN: RejectReason = RejectReason::NotOpened;

/// Values that are read one after the other.
pub(super) struct Plain<'v> {
    schema: Value,
    /// The types with names, and the namespace that is around each.
    named: HashMap<String, (Value, String)>,
    rest: &'v [u8],
    out: String,
    limit: usize,
}

impl<'v> Plain<'v> {
    /// Makes a reader of values that were written by a schema.
    pub(super) fn of(schema: &str, values: &'v [u8]) -> Self {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let mut named = HashMap::new();
        names(&schema, "", &mut named);
        Self {
            schema,
            named,
            rest: values,
            out: String::new(),
            limit: 0,
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns the text of the next value, if it has no more bytes than the limit.
    pub(super) fn next(&mut self, limit: usize) -> Result<String, RejectReason> {
        self.limit = limit;
        self.out.clear();
        let schema = self.schema.clone();
        self.value(&schema, "", 0)?;
        Ok(self.out.clone())
    }

    fn take(&mut self, count: usize) -> Result<&'v [u8], RejectReason> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(BROKEN)?;
        self.rest = rest;
        Ok(taken)
    }

    fn long(&mut self) -> Result<i64, RejectReason> {
        let mut bits = 0_u128;
        for place in 0..10 {
            let byte = self.take(1)?[0];
            bits |= u128::from(byte & 0x7F) << (7 * place);
            if byte < 0x80 {
                let bits = u64::try_from(bits).map_err(|_| BROKEN)?;
                return Ok((bits >> 1) as i64 ^ -((bits & 1) as i64));
            }
        }
        Err(BROKEN)
    }

    fn bytes(&mut self) -> Result<&'v [u8], RejectReason> {
        let count = usize::try_from(self.long()?).map_err(|_| BROKEN)?;
        self.take(count)
    }

    fn string(&mut self) -> Result<&'v str, RejectReason> {
        std::str::from_utf8(self.bytes()?).map_err(|_| BROKEN)
    }

    fn value(&mut self, schema: &Value, space: &str, depth: u32) -> Written {
        match schema {
            Value::String(name) => self.by_name(name, &Map::new(), space, depth)?,
            Value::Array(branches) => {
                let branch = usize::try_from(self.long()?).map_err(|_| BROKEN)?;
                self.value(branches.get(branch).ok_or(BROKEN)?, space, depth)?;
            }
            Value::Object(members) => match &members["type"] {
                Value::String(name) => self.by_name(name, members, space, depth)?,
                inner => self.value(inner, space, depth)?,
            },
            other => panic!("{other}"),
        }
        match self.out.len() > self.limit {
            true => Err(RejectReason::TooLarge),
            false => Ok(()),
        }
    }

    fn by_name(
        &mut self,
        name: &str,
        members: &Map<String, Value>,
        space: &str,
        depth: u32,
    ) -> Written {
        let logical = members
            .get("logicalType")
            .and_then(Value::as_str)
            .unwrap_or("");
        match name {
            "null" => self.out += "null",
            "boolean" => match self.take(1)? {
                [0] => self.out += "false",
                [1] => self.out += "true",
                _ => return Err(BROKEN),
            },
            "int" => {
                let value = i32::try_from(self.long()?).map_err(|_| BROKEN)?;
                let known = ["date", "time-millis"].contains(&logical);
                self.out += &integer(value.into(), if known { logical } else { "" });
            }
            "long" => {
                let value = self.long()?;
                let known = !["date", "time-millis"].contains(&logical);
                self.out += &integer(value, if known { logical } else { "" });
            }
            "float" => {
                let value = f32::from_le_bytes(self.take(4)?.try_into().unwrap());
                self.out += &float(value.into(), format!("{value:?}"));
            }
            "double" => {
                let value = f64::from_le_bytes(self.take(8)?.try_into().unwrap());
                self.out += &float(value, format!("{value:?}"));
            }
            "bytes" => {
                let value = self.bytes()?;
                self.out += &bytes(value, members, false)?;
            }
            "string" => {
                let value = self.string()?;
                self.out += &json::quoted(value);
            }
            name => self.composite(name, members, space, depth)?,
        }
        Ok(())
    }

    /// Writes a value of a type that has parts or a name.
    fn composite(
        &mut self,
        name: &str,
        members: &Map<String, Value>,
        space: &str,
        depth: u32,
    ) -> Written {
        match name {
            "fixed" => {
                let size = members["size"].as_u64().unwrap();
                let value = self.take(usize::try_from(size).map_err(|_| BROKEN)?)?;
                self.out += &bytes(value, members, true)?;
            }
            "enum" => {
                let symbol = usize::try_from(self.long()?).map_err(|_| BROKEN)?;
                let symbols = members["symbols"].as_array().unwrap();
                let symbol = symbols.get(symbol).ok_or(BROKEN)?;
                self.out += &json::quoted(symbol.as_str().unwrap());
            }
            "array" | "map" | "record" | "error" if depth >= 128 => return Err(BROKEN),
            "array" => self.items(None, &members["items"], space, depth + 1)?,
            "map" => self.items(Some(()), &members["values"], space, depth + 1)?,
            "record" | "error" => {
                let inside = inside(&full_name(members, space));
                self.out.push('{');
                for (place, field) in members["fields"].as_array().unwrap().iter().enumerate() {
                    self.out += if place > 0 { "," } else { "" };
                    self.out += &json::quoted(field["name"].as_str().unwrap());
                    self.out.push(':');
                    self.value(&field["type"], &inside, depth + 1)?;
                }
                self.out.push('}');
            }
            name => {
                let (schema, space) = self.named[&full(name, space)].clone();
                let Value::Object(members) = &schema else {
                    panic!("{schema}");
                };
                let kind = members["type"].as_str().unwrap().to_owned();
                self.by_name(&kind, members, &space, depth)?;
            }
        }
        Ok(())
    }

    fn items(&mut self, keys: Option<()>, schema: &Value, space: &str, depth: u32) -> Written {
        let (open, close) = if keys.is_some() {
            ('{', '}')
        } else {
            ('[', ']')
        };
        self.out.push(open);
        let mut separator = "";
        loop {
            let count = self.long()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                self.out += std::mem::replace(&mut separator, ",");
                if keys.is_some() {
                    let key = self.string()?;
                    self.out += &json::quoted(key);
                    self.out.push(':');
                }
                self.value(schema, space, depth)?;
            }
        }
        self.out.push(close);
        Ok(())
    }
}

/// Gathers the types that have names.
fn names(schema: &Value, space: &str, named: &mut HashMap<String, (Value, String)>) {
    match schema {
        Value::Array(branches) => branches
            .iter()
            .for_each(|branch| names(branch, space, named)),
        Value::Object(members) => match members["type"].as_str() {
            None => names(&members["type"], space, named),
            Some("array") => names(&members["items"], space, named),
            Some("map") => names(&members["values"], space, named),
            Some(kind @ ("record" | "error" | "enum" | "fixed")) => {
                let name = full_name(members, space);
                let inside = inside(&name);
                named.insert(name, (schema.clone(), space.to_owned()));
                if ["record", "error"].contains(&kind) {
                    for field in members["fields"].as_array().unwrap() {
                        names(&field["type"], &inside, named);
                    }
                }
            }
            Some(_) => {}
        },
        _ => {}
    }
}

fn full(name: &str, space: &str) -> String {
    match name.contains('.') || space.is_empty() {
        true => name.to_owned(),
        false => format!("{space}.{name}"),
    }
}

fn full_name(members: &Map<String, Value>, space: &str) -> String {
    let own = members.get("namespace").and_then(Value::as_str);
    full(members["name"].as_str().unwrap(), own.unwrap_or(space))
}

/// Returns the namespace of a full name.
fn inside(name: &str) -> String {
    name.rfind('.')
        .map_or(String::new(), |dot| name[..dot].to_owned())
}

fn float(value: f64, digits: String) -> String {
    match value {
        value if value.is_nan() => "\"NaN\"".to_owned(),
        f64::INFINITY => "\"Infinity\"".to_owned(),
        f64::NEG_INFINITY => "\"-Infinity\"".to_owned(),
        _ => digits,
    }
}

/// Writes a whole number as what it stands for.
fn integer(value: i64, logical: &str) -> String {
    let (of_second, digits) = match logical.rsplit('-').next() {
        Some("millis") => (1_000, 3),
        Some("micros") => (1_000_000, 6),
        _ => (1_000_000_000, 9),
    };
    let (second, fraction) = (value.div_euclid(of_second), value.rem_euclid(of_second));
    let moment = |second: i64| {
        let moment = DateTime::from_timestamp(second, 0)?;
        (1..=9999).contains(&moment.year()).then_some(moment)
    };
    let written = match logical {
        "date" => value
            .checked_mul(86_400)
            .and_then(moment)
            .map(|moment| moment.format("%F").to_string()),
        "time-millis" | "time-micros" if (0..86_400).contains(&second) => {
            let time = moment(second).unwrap().format("%T").to_string();
            Some(format!("{time}.{fraction:0digits$}"))
        }
        "timestamp-millis" | "timestamp-micros" | "timestamp-nanos" => {
            moment(second).map(|moment| format!("{}.{fraction:0digits$}Z", moment.format("%FT%T")))
        }
        "local-timestamp-millis" | "local-timestamp-micros" | "local-timestamp-nanos" => {
            moment(second).map(|moment| format!("{}.{fraction:0digits$}", moment.format("%FT%T")))
        }
        _ => None,
    };
    written.map_or(value.to_string(), |written| format!("\"{written}\""))
}

/// Writes bytes as what they stand for.
fn bytes(
    value: &[u8],
    members: &Map<String, Value>,
    is_fixed: bool,
) -> Result<String, RejectReason> {
    use base64::Engine;
    let number = |name: &str| members.get(name).and_then(Value::as_u64);
    let scale = match members.get("scale") {
        None => Some(0),
        Some(_) => number("scale"),
    };
    let decimal = number("precision").zip(scale);
    let decimal = decimal.filter(|(precision, scale)| scale <= precision && *precision <= 1_000);
    match (members.get("logicalType").and_then(Value::as_str), decimal) {
        (Some("decimal"), Some((_, scale))) => {
            if value.len() > 1_024 {
                return Err(BROKEN);
            }
            let number = BigInt::from_signed_bytes_be(value);
            let width = usize::try_from(scale).unwrap() + 1;
            let digits = format!("{:0>width$}", number.magnitude());
            let (whole, fraction) = digits.split_at(digits.len() + 1 - width);
            let sign = if number.sign() == num_bigint::Sign::Minus {
                "-"
            } else {
                ""
            };
            let point = if scale > 0 { "." } else { "" };
            Ok(format!("{sign}{whole}{point}{fraction}"))
        }
        (Some("uuid"), _) if is_fixed && value.len() == 16 => {
            let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
            let parts = [
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..],
            ];
            Ok(format!("\"{}\"", parts.join("-")))
        }
        _ => Ok(format!(
            "\"{}\"",
            base64::engine::general_purpose::STANDARD.encode(value)
        )),
    }
}
