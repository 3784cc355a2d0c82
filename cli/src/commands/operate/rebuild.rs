//! `sluice rebuild`: asks for gold to be made anew, or accepts what a new generation of silver has lost.

use std::error::Error;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use sluice::clock::SystemClock;
use sluice::gold::{Gold, Loss, Rebuild, Remade};

use crate::number;
use crate::output::{About, Usage, count, size};
use crate::target::{self, AppSettings, SettingsArguments, Stores};

/// Ask for gold to be made anew from silver, or accept what a new generation of silver has lost
///
/// Nothing is made here: the app does it in its next runs, beside the tables that are shown, which go on until the new
/// ones are whole. `sluice status` tells how far that is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice rebuild gold                             all tables
  sluice rebuild gold --table gold_daily_orders   one
  sluice rebuild silver --dry-run                 what a new generation would be made of, and would lack
  sluice rebuild silver --accept-loss             count what bronze no longer has, and change nothing
  sluice rebuild silver --accept-loss --expect 3  show a new generation without just these 3 objects")]
pub(crate) struct RebuildArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make gold's tables from this pipeline's silver, whatever they are now
    Gold(GoldArguments),
    /// Tell what a new generation of silver would be made of, or accept that one which is being made lacks what bronze has lost
    ///
    /// A generation is made by raising `generation` in the dataset file and deploying it; gold shows it when it has everything
    /// that the one before had.
    Silver(SilverArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice rebuild gold                             all tables
  sluice rebuild gold --table gold_daily_orders   one")]
struct GoldArguments {
    /// This table only
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice rebuild silver --dry-run                 what a new generation would be made of, and would lack
  sluice rebuild silver --accept-loss             count what bronze no longer has, and change nothing
  sluice rebuild silver --accept-loss --expect 3  show a new generation without just these 3 objects")]
struct SilverArguments {
    /// Show it although objects of the generation before are neither in it nor in bronze: without --expect they are counted
    #[arg(long, required_unless_present = "dry_run")]
    accept_loss: bool,
    /// Count what bronze has for the generation after this one, and what of this one it would lack; change nothing
    #[arg(long, conflicts_with_all = ["accept_loss", "expect"])]
    dry_run: bool,
    /// Accept it if exactly this many objects are lost; if more are lost later, nothing is shown
    #[arg(long, value_name = "N", value_parser = number::from::<u64>(1))]
    expect: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Asks.
pub(crate) async fn run(arguments: RebuildArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    match arguments.what {
        What::Gold(arguments) => ask(arguments).await,
        What::Silver(arguments) => accept(arguments).await,
    }
}

async fn ask(arguments: GoldArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let gold = gold(&settings)?;
    let rebuild = match arguments.table {
        Some(table) => Rebuild::Table(table),
        None => Rebuild::All,
    };
    let asked = match gold.ask(&rebuild).await {
        Err(error @ sluice::gold::Error::NoSuchTable(_)) => {
            return Err(Usage(error.to_string()).into());
        }
        asked => asked?,
    };
    let words = match asked.is_empty() {
        true => "no table has rows yet: the next run makes all of them".to_owned(),
        false => format!(
            "the next runs make {} anew, beside the tables that are shown",
            asked.join(", ")
        ),
    };
    let about = About {
        target: settings.target(),
        result: json!({ "tables": asked }),
    };
    about.tell(arguments.json, &words)?;
    Ok(true)
}

async fn accept(arguments: SilverArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let gold = gold(&settings)?;
    let dataset = target::dataset(&settings)?;
    let generation = dataset.generation;
    if arguments.dry_run {
        let remade = gold.remade().await?;
        let about = About {
            target: settings.target(),
            result: remade_json(&remade, generation),
        };
        about.tell(
            arguments.json,
            &remade_text(&remade, (&dataset.name, generation)),
        )?;
        return Ok(true);
    }
    let answer = answer(&gold, arguments.expect).await?;
    let about = About {
        target: settings.target(),
        result: answer.json(generation),
    };
    about.tell(arguments.json, &answer.text(generation))?;
    Ok(answer.is_well())
}

/// Says what a new generation would be made of.
fn remade_text(remade: &Remade, (dataset, generation): (&str, u32)) -> String {
    let Remade {
        objects,
        bytes,
        loss,
    } = remade;
    let next = generation.saturating_add(1);
    let lacks = match loss.objects {
        0 => format!("of generation {generation} it would lack nothing"),
        _ => format!(
            "of generation {generation} it would lack {} with {} and {}, which bronze no longer has",
            count(loss.objects, "object"),
            count(loss.events, "event"),
            count(loss.rows, "row"),
        ),
    };
    format!(
        "{dataset}, a dry run: nothing was changed\n  generation {next} would be made of {} ({}) of bronze; {lacks}\n\
         next: raise `generation` to {next} in the dataset file and deploy it; gold shows it when it is whole",
        count(*objects, "object"),
        size(*bytes),
    )
}

fn remade_json(remade: &Remade, generation: u32) -> Value {
    let Remade {
        objects,
        bytes,
        loss,
    } = remade;
    json!({
        "generation": generation.saturating_add(1),
        "objects": objects,
        "bytes": bytes,
        "lost": { "objects": loss.objects, "events": loss.events, "rows": loss.rows },
    })
}

/// What became of the wish to accept a loss.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// No other generation is shown, or nothing is lost.
    Nothing,
    /// It is counted, and nobody has said that it is right.
    Counted(Loss),
    /// It is another one than was expected.
    Other(Loss, u64),
    /// It changed while it was accepted.
    Changed(Loss),
    Accepted(Loss),
}

/// Counts what is lost, and accepts it if it is just so much.
async fn answer(gold: &Gold, expected: Option<u64>) -> Result<Answer, sluice::gold::Error> {
    let loss = gold.loss().await?.filter(|loss| loss.objects > 0);
    let (loss, expected) = match (loss, expected) {
        (None, _) => return Ok(Answer::Nothing),
        (Some(loss), None) => return Ok(Answer::Counted(loss)),
        (Some(loss), Some(expected)) => (loss, expected),
    };
    if loss.objects != expected {
        return Ok(Answer::Other(loss, expected));
    }
    Ok(match gold.accept_loss(&loss).await? {
        true => Answer::Accepted(loss),
        false => Answer::Changed(loss),
    })
}

impl Answer {
    /// Returns whether what was asked for is done, or nothing is to be done.
    fn is_well(&self) -> bool {
        matches!(self, Self::Nothing | Self::Accepted(_))
    }

    fn text(&self, generation: u32) -> String {
        let again = |loss: &Loss| {
            format!(
                "nothing is accepted; to accept just that: sluice rebuild silver --accept-loss --expect {}",
                loss.objects
            )
        };
        match self {
            Self::Nothing => format!(
                "generation {generation} has lost nothing that is shown, so there is nothing to accept"
            ),
            Self::Counted(loss) => format!("{}\n{}", lost(loss, generation), again(loss)),
            Self::Other(loss, expected) => format!(
                "{}, and not {}\n{}",
                lost(loss, generation),
                count(*expected, "object"),
                again(loss)
            ),
            Self::Changed(loss) => format!(
                "{}, and it changed while it was accepted\nnothing is accepted; count it again: sluice rebuild silver --accept-loss",
                lost(loss, generation)
            ),
            Self::Accepted(loss) => format!(
                "{}: accepted\nonce this generation has everything that bronze has, gold shows it; if more is lost by then, it waits",
                lost(loss, generation)
            ),
        }
    }

    fn json(&self, generation: u32) -> Value {
        let nothing = Loss::default();
        let loss = match self {
            Self::Nothing => &nothing,
            Self::Counted(loss)
            | Self::Other(loss, _)
            | Self::Changed(loss)
            | Self::Accepted(loss) => loss,
        };
        json!({
            "generation": generation,
            "shown": loss.shown,
            "objects": loss.objects,
            "events": loss.events,
            "rows": loss.rows,
            "accepted": matches!(self, Self::Accepted(_)),
        })
    }
}

/// Says how much is lost.
fn lost(loss: &Loss, generation: u32) -> String {
    let shown: Vec<String> = loss.shown.iter().map(u32::to_string).collect();
    format!(
        "generation {generation} lacks {} with {} and {} of generation {}, which bronze no longer has",
        count(loss.objects, "object"),
        count(loss.events, "event"),
        count(loss.rows, "row"),
        shown.join(", ")
    )
}

fn gold(settings: &AppSettings) -> Result<Gold, Box<dyn Error + Send + Sync>> {
    let stores = Stores::open(settings)?;
    let warehouse = target::warehouse(settings, &stores.dataset)?;
    target::say_target(&settings.written());
    Ok(Gold::new(
        stores.dataset,
        stores.lake,
        stores.state,
        warehouse,
        Arc::new(SystemClock),
    ))
}

#[cfg(test)]
mod tests {
    use sluice::dataset::Dataset;
    use sluice::store::object::paths;

    use super::*;
    use crate::target::in_memory::Pipeline;

    /// A pipeline of three objects, with gold of a generation that was raised; an object of bronze is gone.
    async fn raised() -> (Pipeline, Gold) {
        let pipeline = Pipeline::new();
        for id in 1..=3 {
            let sequence = i64::try_from(id).unwrap();
            pipeline.run(sequence, &[id]).await;
        }
        lose(&pipeline).await;
        let dataset = Dataset {
            generation: 2,
            ..(*pipeline.stores.dataset).clone()
        };
        let warehouse = pipeline.warehouse_of(&dataset);
        let Stores {
            dataset,
            lake,
            state,
            ..
        } = pipeline.stores_of(dataset);
        (
            pipeline,
            Gold::new(dataset, lake, state, warehouse, Arc::new(SystemClock)),
        )
    }

    /// Loses an object of bronze.
    async fn lose(pipeline: &Pipeline) {
        let Stores { dataset, lake, .. } = &pipeline.stores;
        let prefix = paths::bronze_dataset(&dataset.name);
        let objects = lake.list(&prefix).await.unwrap();
        lake.delete(&objects[0].path).await.unwrap();
    }

    #[tokio::test]
    async fn a_loss_is_counted_and_accepted_only_if_it_is_the_one_that_was_said() {
        let (pipeline, gold) = raised().await;
        let one = Loss {
            shown: vec![1],
            objects: 1,
            events: 1,
            rows: 1,
        };
        let counted = answer(&gold, None).await.unwrap();
        assert_eq!(counted, Answer::Counted(one.clone()));
        assert!(!counted.is_well());
        let text = counted.text(2);
        assert!(
            text.contains("lacks 1 object with 1 event and 1 row of generation 1"),
            "{text}"
        );
        assert!(text.ends_with("--accept-loss --expect 1"), "{text}");
        let other = answer(&gold, Some(2)).await.unwrap();
        assert_eq!(other, Answer::Other(one.clone(), 2));
        assert!(
            other
                .text(2)
                .contains("and not 2 objects\nnothing is accepted")
        );
        // What was counted and what is there then differ.
        lose(&pipeline).await;
        let changed = answer(&gold, Some(1)).await.unwrap();
        assert!(matches!(&changed, Answer::Other(loss, 1) if loss.objects == 2));
        assert!(!gold.accept_loss(&one).await.unwrap());

        let accepted = answer(&gold, Some(2)).await.unwrap();
        assert!(accepted.is_well());
        assert_eq!(accepted.json(2)["accepted"], true);
        assert_eq!(accepted.json(2)["rows"], 2);
    }

    #[tokio::test]
    async fn what_a_new_generation_would_be_made_of_and_lack_is_told_beforehand() {
        let pipeline = Pipeline::new();
        for id in 1..=3 {
            pipeline.run(id, &[u64::try_from(id).unwrap()]).await;
        }
        let Stores {
            dataset,
            lake,
            state,
            ..
        } = pipeline.stores();
        let warehouse = Arc::clone(&pipeline.warehouse);
        let gold = Gold::new(dataset, lake, state, warehouse, Arc::new(SystemClock));
        let text = remade_text(&gold.remade().await.unwrap(), ("orders", 1));
        assert!(
            text.contains("generation 2 would be made of 3 objects ("),
            "{text}"
        );
        assert!(
            text.contains("of generation 1 it would lack nothing"),
            "{text}"
        );
        lose(&pipeline).await;
        let remade = gold.remade().await.unwrap();
        assert_eq!((remade.objects, remade.loss.objects), (2, 1));
        let text = remade_text(&remade, ("orders", 1));
        assert!(
            text.contains("would lack 1 object with 1 event and 1 row"),
            "{text}"
        );
        assert_eq!(remade_json(&remade, 1)["lost"]["rows"], 1);
        // It is what the generation lacks indeed, once it is raised.
        let raised = pipeline.stores_of(Dataset {
            generation: 2,
            ..(*pipeline.stores.dataset).clone()
        });
        let warehouse = pipeline.warehouse_of(&raised.dataset);
        let clock = Arc::new(SystemClock);
        let gold = Gold::new(raised.dataset, raised.lake, raised.state, warehouse, clock);
        assert_eq!(gold.loss().await.unwrap(), Some(remade.loss));
    }

    #[tokio::test]
    async fn where_nothing_is_lost_there_is_nothing_to_accept() {
        let pipeline = Pipeline::new();
        pipeline.run(0, &[1]).await;
        let Stores {
            dataset,
            lake,
            state,
            ..
        } = pipeline.stores();
        let warehouse = Arc::clone(&pipeline.warehouse);
        let gold = Gold::new(dataset, lake, state, warehouse, Arc::new(SystemClock));
        for expected in [None, Some(3)] {
            let found = answer(&gold, expected).await.unwrap();
            assert_eq!(found, Answer::Nothing);
            assert!(found.is_well() && found.text(1).contains("nothing to accept"));
        }
    }
}
