//! What is written where nothing can be redrawn, and what stays on the terminal when a run was stopped; pure.

use super::View;
use super::facts::{Again, Gold, Moment, Seen, clock};
use crate::commands::up::reasons;
use crate::output::{Balance, Line, Tone, by_reason, count, duplicates, thousands};

impl View {
    /// Returns one line with everything, for where nothing can be redrawn; nothing before the first look.
    pub(in crate::commands::up) fn line(&self, moment: Moment) -> Option<String> {
        let seen = self.seen.as_ref()?;
        let snapshot = &seen.snapshot;
        let counts = &snapshot.counts;
        let reasons = match by_reason(&counts.quarantined).join(", ") {
            reasons if reasons.is_empty() => reasons,
            reasons => format!(" ({reasons})"),
        };
        let filtered = match counts.filtered {
            0 => String::new(),
            records => format!("{} filtered, ", thousands(records)),
        };
        let gold = match Gold::of(snapshot) {
            Gold::Unreadable(_) => "version unknown".to_owned(),
            gold => gold.to_string(),
        };
        let rates = [
            self.rates.of(moment.elapsed, |totals| totals.hub),
            self.rates.of(moment.elapsed, |totals| totals.bronze),
            self.rates.of(moment.elapsed, |totals| totals.silver),
        ];
        let [hub, bronze, silver] = rates.map(thousands);
        Some(format!(
            "{} hub {} ({hub}/s) | bronze {} ({bronze}/s) in {} | silver {} rows ({silver}/s), {}, {} late, {filtered}{} quarantined{reasons}, version {} | gold {gold}",
            clock(moment.elapsed),
            thousands(snapshot.hub_events),
            thousands(snapshot.bronze_events),
            count(snapshot.bronze_objects, "object"),
            thousands(counts.rows),
            duplicates(counts.duplicates, counts.conflicts),
            thousands(counts.late),
            thousands(counts.quarantined_still()),
            thousands(snapshot.version.0),
        ))
    }

    /// Returns what is wrong, each as a whole.
    pub(in crate::commands::up) fn messages(&self, moment: Moment) -> Vec<String> {
        let silent = self.silence(moment).map(|_| {
            // Without a number, so that it is said once.
            "the storage does not answer: what is shown is as of the last answer".to_owned()
        });
        let seen = self.seen.iter();
        let others = seen.flat_map(|seen| reasons::messages(&seen.snapshot));
        silent.into_iter().chain(others).collect()
    }

    /// Returns what stays on a terminal when a run was stopped: how far it came, what it leaves for the next one, and what
    /// may be done next.
    pub(in crate::commands::up) fn summary(&self, moment: Moment, again: &Again) -> Vec<Line> {
        let after = clock(moment.elapsed);
        let title = Line::of(
            Tone::Strong,
            &format!("{}: stopped after {after}", self.dataset),
        );
        let mut lines = vec![title.and(Tone::Plain, "; the next `up` goes on from here")];
        if let Some(seen) = &self.seen {
            lines.extend(came_to(seen));
        }
        let messages = self.seen.iter();
        let messages = messages.flat_map(|seen| reasons::messages(&seen.snapshot));
        lines.extend(messages.map(|text| Line::of(Tone::Doubtful, "  ! ").and(Tone::Plain, &text)));
        lines.push(Line::plain("next:"));
        let next = [
            (format!("{}{}", again.pipeline, again.feed), "go on"),
            (
                format!("{} --clean{}", again.pipeline, again.feed),
                "start afresh",
            ),
            (
                format!("{} --no-handler", again.pipeline),
                "let `status`, `gold`, `head` and `audit` look at it",
            ),
        ];
        let longest = next
            .iter()
            .map(|(command, _)| command.chars().count())
            .max();
        let column = longest.unwrap_or(0) + 4;
        for (command, what) in &next {
            let line = Line::plain(&format!("  {command}"));
            lines.push(line.up_to(column, 2).and(Tone::Faint, what));
        }
        if let Some(access) = &self.access {
            lines.push(Line::plain(&format!(
                "logs of host and handler: {}",
                access.log
            )));
        }
        lines
    }
}

fn came_to(seen: &Seen) -> Vec<Line> {
    let snapshot = &seen.snapshot;
    let counts = &snapshot.counts;
    let events = count(counts.lines, "event");
    let mut lines = vec![
        Line::plain(&format!(
            "  hub     {}{}",
            count(snapshot.hub_events, "event"),
            match seen.sent.events {
                0 => String::new(),
                sent => format!(", {} sent by this run", thousands(sent)),
            }
        )),
        Line::plain(&format!(
            "  silver  {}",
            Balance::from(counts).text(&events)
        )),
    ];
    let reasons = by_reason(&counts.quarantined).join(", ");
    if !reasons.is_empty() {
        lines.push(Line::plain(&format!("          quarantined: {reasons}")));
    }
    let gold = Gold::of(snapshot);
    let separator = match gold {
        // A sentence, which may have commas of its own.
        Gold::Unreadable(_) => ';',
        Gold::NotYet | Gold::At(_) => ',',
    };
    lines.push(Line::plain(&format!(
        "  gold    {gold}{separator} silver is at version {}",
        thousands(snapshot.version.0)
    )));
    let waiting = snapshot.hub_events.saturating_sub(snapshot.lines_of_hub());
    if waiting > 0 {
        let text = format!("  {} of the hub not in silver yet", count(waiting, "event"));
        lines.push(Line::of(Tone::Doubtful, &text));
    }
    lines
}
