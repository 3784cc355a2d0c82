//! What is sent for rules, for people and for a parser to read; pure text.

use std::sync::Arc;

use super::{outbox, rules};
use crate::event::{EventTime, UnixMillis};
use crate::warehouse::azure_sql::statements::SqlSchema;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{
    Cleared, Delivery, NewAlert, Resend, RuleAct, RuleProgress, RuleStep, Rules, Run, Step, Told,
    Watch,
};
use crate::warehouse::schema::{GoldSchema, RuleSchema, RuleTrigger};

/// Returns every statement that is sent for the rules of a dataset, with what it is for.
///
/// # Errors
/// Fails if a rule is not of this schema.
pub(crate) fn of_rules(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
) -> Result<Vec<(String, String)>, WarehouseError> {
    let mut all = Vec::new();
    let dataset = schema.dataset.as_str();
    for rule in &schema.rules {
        let name = rule.name.as_str();
        let mut add = |purpose: &str, sql: String| {
            all.push((format!("{purpose} of rule {name}"), sql));
        };
        for from in [None, Some(progress(rule))] {
            let step = step(rule, from);
            let moving = [(&step, Some(EventTime(0)))];
            add(
                "move",
                rules::advance(sql_schema, dataset, moving.into_iter()),
            );
        }
        add("ask what is known", rules::known(sql_schema, dataset));
        if let Some(index) = rule.table {
            let table = schema.table_at(index)?;
            let (physical, next) = (table.physical(1), table.physical(2));
            let rows = (table, physical.as_str());
            add("list open alerts", rules::open(sql_schema, dataset, name));
            add(
                "list vanished alerts",
                rules::vanished(sql_schema, (dataset, name), rows),
            );
            add(
                "read alerted groups",
                rules::alerted(sql_schema, (dataset, name), rows),
            );
            add(
                "compare groups",
                rules::pairs(sql_schema, rows, (table, &next)),
            );
            if let RuleTrigger::Silent { measure, .. } = rule.trigger
                && let Some(measure) = table.measures.get(measure)
            {
                let range = (EventTime(0), EventTime(1));
                add(
                    "find silent groups",
                    rules::silent(sql_schema, rows, &measure.name, range),
                );
            }
        }
        for is_gone in [false, true] {
            for (purpose, sql) in written(schema, sql_schema, (rule, is_gone))? {
                add(purpose, sql);
            }
        }
    }
    if !schema.rules.is_empty() {
        all.extend(of_outbox(sql_schema, dataset));
    }
    Ok(all)
}

fn of_outbox(sql_schema: &SqlSchema, dataset: &str) -> Vec<(String, String)> {
    let delivery = |error: Option<&str>| Delivery {
        message: "id".to_owned(),
        target: "queue:alerts".to_owned(),
        attempts: 1,
        error: error.map(str::to_owned),
    };
    let deliveries = [delivery(None), delivery(Some("it answered 500"))];
    [
        ("claim messages", outbox::claim(sql_schema, dataset, 100)),
        (
            "settle messages",
            outbox::settle(sql_schema, dataset, &deliveries),
        ),
        (
            "ask for the next message",
            outbox::next(sql_schema, dataset),
        ),
        (
            "count what is outstanding",
            outbox::outstanding(sql_schema, dataset),
        ),
        (
            "resend an alert",
            outbox::resend(sql_schema, dataset, &Resend::Alert("id".to_owned())),
        ),
        (
            "resend what failed",
            outbox::resend(sql_schema, dataset, &Resend::Failed),
        ),
        (
            "forget alerts",
            outbox::forget(sql_schema, dataset, EventTime(0)),
        ),
    ]
    .map(|(purpose, sql)| (purpose.to_owned(), sql))
    .into()
}

fn progress(rule: &RuleSchema) -> RuleProgress {
    RuleProgress {
        table: "t".to_owned(),
        definition: rule.definition.clone(),
        text: rule.text.clone(),
        log: Some("log".to_owned()),
        ..RuleProgress::default()
    }
}

fn step(rule: &Arc<RuleSchema>, from: Option<RuleProgress>) -> RuleStep {
    RuleStep {
        name: rule.name.clone(),
        table: rule.table,
        from,
        to: progress(rule),
        act: RuleAct::Evaluate(Arc::clone(rule)),
    }
}

/// Returns what is written where an alert is raised and others are over.
fn written(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    (rule, is_gone): (&Arc<RuleSchema>, bool),
) -> Result<Vec<(&'static str, String)>, WarehouseError> {
    let (dataset, at) = (schema.dataset.as_str(), EventTime(0));
    let mut step = step(rule, None);
    if is_gone {
        step.act = RuleAct::Close;
    }
    let run = Run {
        steps: Vec::<Step>::new(),
        rules: Rules {
            steps: vec![step.clone()],
            as_of: Some(EventTime(0)),
            heard_to: None,
        },
        at: UnixMillis(0),
        ..Run::default()
    };
    let mut watch = Watch::of_run(dataset, &run);
    watch.tell(
        &rule.name,
        Told {
            alerts: vec![NewAlert {
                id: "id".to_owned(),
                group: Some([0; 16]),
                start: None,
                event_time: 0,
                fields: "{}".to_owned(),
            }],
            ..Told::default()
        },
    );
    let mut all = Vec::new();
    for mut effects in watch.settle(schema)? {
        if let Cleared::Of(groups) = &mut effects.cleared {
            groups.push((0, [0; 16]));
        }
        let named = (dataset, effects.rule.as_str());
        for (purpose, counted) in [
            ("count what is stale", (1, 0)),
            ("mark what could not be computed", (1, 2)),
        ] {
            all.push((purpose, rules::count(sql_schema, named, counted, at)));
        }
        all.push(("open again", rules::open_again(sql_schema, dataset)));
        let clear = rules::clear(sql_schema, dataset, &effects, at);
        all.extend(clear.map(|sql| ("clear", sql)));
        let raise = rules::raise(sql_schema, dataset, (&step, &effects), at);
        all.push(("raise", raise));
    }
    Ok(all)
}
