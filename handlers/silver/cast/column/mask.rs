//! What stands for the values of a masked column. Pure.

use crate::dataset::{Bound, ColumnType, Mask, Masking, Value};
use crate::event::EventTime;
use crate::silver::cast::columns::{Builder, Values};
use crate::value::decimal;
use crate::value::mask::{Salt, last_four};
use crate::value::time::Date;

/// Masks the values of one column.
#[derive(Debug)]
pub(super) struct MaskCaster {
    mask: Mask,
    salt: Option<Salt>,
    /// The value before it is masked, for a moment.
    unmasked: Builder,
    text: Vec<u8>,
}

impl MaskCaster {
    pub(super) fn new(mask: Mask, salt: Option<&Salt>) -> Self {
        Self {
            mask,
            salt: salt.cloned(),
            unmasked: Builder::new(mask.of, false),
            text: Vec::new(),
        }
    }

    /// Returns where the value goes before [`Self::push`].
    pub(super) fn unmasked(&mut self) -> &mut Builder {
        &mut self.unmasked
    }

    /// Takes the value, and appends what stands for it.
    pub(super) fn push(&mut self, builder: &mut Builder) {
        self.text.clear();
        if let Some(value) = self.unmasked.last() {
            write_text(value, self.mask.of, &mut self.text);
        }
        self.unmasked.truncate(0);
        let Values::Text(out) = &mut builder.values else {
            builder.push_null();
            return;
        };
        match (self.mask.how, &self.salt) {
            (Masking::Sha256, Some(salt)) => salt.mask(&self.text, &mut out.bytes),
            // Texts of values are UTF-8.
            (Masking::Last4, _) => {
                let text = std::str::from_utf8(&self.text).unwrap_or_default();
                out.bytes.extend_from_slice(last_four(text).as_bytes());
            }
            // Without a salt no rows are returned.
            (Masking::Sha256, None) => {}
            (Masking::Drop, _) => {
                builder.push_null();
                return;
            }
        }
        out.end();
        builder.mark_valid();
    }
}

/// Writes the one text that a value of a type has.
fn write_text(value: Value<'_>, kind: ColumnType, out: &mut Vec<u8>) {
    let text = match (value, kind) {
        (Value::Text(text), _) => {
            out.extend_from_slice(text);
            return;
        }
        (Value::Bool(value), _) => value.to_string(),
        (Value::Bound(Bound::Decimal(value)), ColumnType::Decimal { scale, .. }) => {
            decimal::format(value, scale)
        }
        (Value::Bound(Bound::Int64(value)), _) => value.to_string(),
        (Value::Bound(Bound::Timestamp(time)), _) => EventTime::to_string(&time),
        (Value::Bound(Bound::Date(day)), _) => Date::from_days(day.into()).to_string(),
        // Neither has a text of its own, and neither is masked but by dropping it.
        (Value::Bound(Bound::Double(_) | Bound::Decimal(_)), _) => return,
    };
    out.extend_from_slice(text.as_bytes());
}
