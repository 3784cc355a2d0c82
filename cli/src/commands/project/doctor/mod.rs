//! `sluice doctor`: what is installed here, which ports are free and what of the settings answers, each with what to do.

mod check;
mod machine;
mod programs;
mod services;

use std::error::Error;

use clap::Args;
use serde_json::json;

use crate::output::{Line, Tone, print, print_prose_lines};
use crate::target::HubArguments;
use check::{Check, State};

/// Check this machine and the settings: what is installed, which ports are free, what answers
///
/// Looks for the programs that Sluice can use, each in its version, and says what they are for; for the ports that `up`
/// prefers; and whether the storage, the event hub and the database of the settings answer. Nothing is changed. The exit
/// code is 1 if something is missing that `up` cannot do without.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice doctor
  sluice doctor --json | jq '.checks[] | select(.state != \"ok\")'")]
pub(crate) struct DoctorArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// What stands beside that column.
const INDENT: usize = 9;

/// Looks; returns whether `up` has what it needs.
pub(crate) async fn run(arguments: DoctorArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let (programs, services) = tokio::join!(programs::look(), services::look(&arguments.hub));
    let parts = [
        ("installed", programs),
        ("this machine", machine::look()),
        ("settings", services),
    ];
    let is_well = is_well(parts.iter().flat_map(|(_, checks)| checks));
    match arguments.json {
        true => {
            let checks: Vec<&Check> = parts.iter().flat_map(|(_, checks)| checks).collect();
            print(&json!({ "ok": is_well, "checks": checks }).to_string());
        }
        false => print_prose_lines(lines(&parts), Some(INDENT + widest(&parts))),
    }
    Ok(is_well)
}

fn is_well<'c>(checks: impl IntoIterator<Item = &'c Check>) -> bool {
    checks.into_iter().all(|check| check.state != State::Bad)
}

/// Returns the width of the column that says what was looked at.
fn widest(parts: &[(&str, Vec<Check>)]) -> usize {
    let checks = parts.iter().flat_map(|(_, checks)| checks);
    checks.map(|check| check.check.len()).max().unwrap_or(0)
}

fn lines(parts: &[(&str, Vec<Check>)]) -> Vec<Line> {
    let all = || parts.iter().flat_map(|(_, checks)| checks);
    let width = widest(parts);
    let mut lines = Vec::new();
    for (title, checks) in parts {
        lines.push(Line::of(Tone::Strong, title));
        for check in checks {
            let (tone, word) = match check.state {
                State::Ok => (Tone::Good, "ok"),
                State::Absent => (Tone::Faint, "-"),
                State::Bad => (Tone::Bad, "FAIL"),
            };
            let text = format!(" {:width$}  {}", check.check, check.found);
            let mark = Line::plain("  ").and(tone, &format!("{word:4}"));
            lines.push(mark.and(Tone::Plain, &text));
            let advice = check.advice.iter();
            let advice = advice.map(|advice| format!("       {:width$}  {advice}", ""));
            lines.extend(advice.map(Line::from));
        }
    }
    lines.push(match is_well(all()) {
        true => Line::of(Tone::Good, "nothing is missing that `sluice up` needs"),
        false => Line::of(
            Tone::Bad,
            "`sluice up` cannot run yet: put right what says FAIL",
        ),
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::plain;

    #[test]
    fn what_is_bad_is_said_with_what_to_do_and_spoils_the_end() {
        let good = Check::ok("node", "v22.1.0");
        let absent = Check::not_ok("az", State::Absent, "not found", "install it");
        let bad = Check::not_ok("npm", State::Bad, "not found", "comes with Node.js");
        let parts =
            |checks: &[&Check]| [("installed", checks.iter().map(|c| (*c).clone()).collect())];
        assert_eq!(
            plain(&lines(&parts(&[&good, &absent]))),
            "installed\n  ok   node  v22.1.0\n  -    az    not found\n             install it\nnothing is missing that `sluice up` needs"
        );
        let text = plain(&lines(&parts(&[&good, &bad])));
        assert!(text.contains("\n  FAIL npm "), "{text}");
        assert!(text.ends_with("put right what says FAIL"), "{text}");
    }
}
