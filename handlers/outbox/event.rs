//! A message as a CloudEvent; pure.

use serde_json::{Map, Value, json};

use crate::warehouse::Message;

/// The version of the specification.
const SPEC: &str = "1.0";
/// What the types of all events begin with.
const TYPE: &str = "sluice.alert";

/// A CloudEvent in its JSON form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudEvent {
    /// Its id: the same whenever the message is sent.
    pub id: String,
    /// All of it.
    pub body: String,
}

impl CloudEvent {
    /// The content type of its body.
    pub const CONTENT_TYPE: &'static str = "application/cloudevents+json; charset=utf-8";

    /// Makes that of a message of a dataset.
    #[must_use]
    pub fn of(dataset: &str, message: &Message) -> Self {
        let kind = match message.is_cleared() {
            true => "cleared",
            false => message.kind.as_str(),
        };
        let fields = message.fields.as_deref();
        let fields = fields.and_then(|text| serde_json::from_str(text).ok());
        let mut data = Map::new();
        let mut add = |name: &str, value: Option<Value>| {
            value.map(|value| data.insert(name.to_owned(), value));
        };
        add("dataset", Some(json!(dataset)));
        add("rule", Some(json!(message.rule)));
        add("on", message.table.clone().map(Value::from));
        add("alert", Some(json!(message.alert_id)));
        add("event_time", message.event_time.clone().map(Value::from));
        add(
            "period_start",
            message.period_start.clone().map(Value::from),
        );
        add("raised_at", message.raised_at.clone().map(Value::from));
        add("cleared_at", message.cleared_at.clone().map(Value::from));
        add("alerts", message.alerts.map(Value::from));
        add("fields", Some(fields.unwrap_or(Value::Null)));
        let mut body = json!({
            "specversion": SPEC,
            "id": message.message,
            "source": format!("/sluice/{dataset}"),
            "type": format!("{TYPE}.{kind}"),
            "subject": message.rule,
            "datacontenttype": "application/json",
            "data": data,
        });
        let time = match message.is_cleared() {
            true => &message.cleared_at,
            false => &message.raised_at,
        };
        if let (Some(time), Some(body)) = (time, body.as_object_mut()) {
            body.insert("time".to_owned(), json!(time));
        }
        Self {
            id: message.message.clone(),
            body: body.to_string(),
        }
    }
}
