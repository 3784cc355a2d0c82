//! Which events are sent, and how fast; decided before anything is started.

use std::path::PathBuf;

use sluice::dataset::Dataset;

use super::input::Input;
use super::orders::OrderArguments;
use crate::output::Usage;

/// Events a second, where made-up orders have no end and no rate is given.
const DEFAULT_RATE: u64 = 200;
/// The fields of the made-up orders that a dataset has to read.
const ORDER_FIELDS: [&str; 3] = ["order_id", "amount", "timestamp"];

/// What the command line asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Send the lines of this file.
    pub(crate) input: Option<PathBuf>,
    /// Send this many made-up orders.
    pub(crate) count: Option<u64>,
    /// Events a second.
    pub(crate) rate: Option<u64>,
    /// What the made-up orders are like.
    pub(crate) orders: OrderArguments,
    /// Send nothing: others do.
    pub(crate) nothing: bool,
}

/// Where events come from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin {
    /// The lines of a file.
    File(PathBuf),
    /// So many made-up orders, or without end.
    Orders {
        count: Option<u64>,
        orders: OrderArguments,
    },
    /// Others send them.
    Nobody,
}

/// Where events come from, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FeedPlan {
    pub(super) origin: Origin,
    /// Events a second, or as fast as they go.
    pub(super) rate: Option<u64>,
}

impl FeedPlan {
    /// Makes a plan; `dataset` is what the events are for, where that is known.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or if the dataset does not take the made-up orders.
    pub(crate) fn of(request: Request, dataset: Option<&Dataset>) -> Result<Self, Usage> {
        let Request {
            input,
            count,
            rate,
            orders,
            nothing,
        } = request;
        let plan = match (input, count) {
            (Some(path), _) => {
                Input::open(&path).map_err(|error| Usage(sluice::error::chain(&error)))?;
                Self {
                    origin: Origin::File(path),
                    rate,
                }
            }
            (None, None) if nothing => Self {
                origin: Origin::Nobody,
                rate: None,
            },
            (None, count) => Self {
                // Without an end, as fast as they go would never let up.
                rate: rate.or_else(|| count.is_none().then_some(DEFAULT_RATE)),
                origin: Origin::Orders { count, orders },
            },
        };
        let unfit = dataset.filter(|dataset| !takes_orders(dataset));
        if let (Origin::Orders { .. }, Some(dataset)) = (&plan.origin, unfit) {
            return Err(Usage(format!(
                "the built-in producer makes orders, which dataset {} does not take (it has to read their fields {}); use --input FILE, or `sluice up --no-producer` and a producer of your own",
                dataset.name,
                ORDER_FIELDS.join(", ")
            )));
        }
        Ok(plan)
    }

    /// Returns whether the events come to an end.
    pub(crate) fn ends(&self) -> bool {
        match &self.origin {
            Origin::File(_) => true,
            Origin::Orders { count, .. } => count.is_some(),
            Origin::Nobody => false,
        }
    }
}

fn takes_orders(dataset: &Dataset) -> bool {
    let columns = dataset.columns.iter();
    let places = columns.flat_map(|column| column.paths(sluice::dataset::Origin::Record));
    let reads = |field: &str| places.clone().any(|place| place.is_field(field));
    ORDER_FIELDS.iter().all(|field| reads(field))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::feed::Shares;

    fn request() -> Request {
        Request {
            input: None,
            count: None,
            rate: None,
            orders: OrderArguments {
                shares: Shares::NONE,
                seed: 1,
            },
            nothing: false,
        }
    }

    fn dataset(name: &str) -> Dataset {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        Dataset::load(&root.join(format!("datasets/{name}.toml"))).unwrap()
    }

    #[test]
    fn orders_without_end_have_a_rate_and_counted_ones_go_as_fast_as_they_can() {
        let endless = FeedPlan::of(request(), None).unwrap();
        assert_eq!((endless.rate, endless.ends()), (Some(200), false));
        let counted = Request {
            count: Some(7),
            ..request()
        };
        let counted = FeedPlan::of(counted, None).unwrap();
        assert_eq!((counted.rate, counted.ends()), (None, true));
    }

    #[test]
    fn a_rate_that_is_given_counts_for_every_origin() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (input, count) in [
            (None, None),
            (None, Some(9)),
            (Some(file.path().to_owned()), None),
        ] {
            let wanted = Request {
                input,
                count,
                rate: Some(50),
                ..request()
            };
            assert_eq!(FeedPlan::of(wanted, None).unwrap().rate, Some(50));
        }
    }

    #[test]
    fn a_file_ends_and_one_that_is_not_there_is_wrong_usage() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let wanted = |path: &Path| Request {
            input: Some(path.to_owned()),
            ..request()
        };
        let plan = FeedPlan::of(wanted(file.path()), None).unwrap();
        assert_eq!(plan.origin, Origin::File(file.path().to_owned()));
        assert!(plan.ends());
        let error = FeedPlan::of(wanted(Path::new("no/such.jsonl")), None).unwrap_err();
        assert!(error.0.starts_with("read no/such.jsonl: "), "{}", error.0);
    }

    #[test]
    fn nothing_is_sent_if_others_send_and_that_never_ends() {
        let nothing = Request {
            nothing: true,
            ..request()
        };
        let plan = FeedPlan::of(nothing, Some(&dataset("sensors"))).unwrap();
        assert_eq!(plan.origin, Origin::Nobody);
        assert!(!plan.ends());
    }

    #[test]
    fn orders_are_refused_for_a_dataset_that_does_not_read_them() {
        assert!(FeedPlan::of(request(), Some(&dataset("orders"))).is_ok());
        let error = FeedPlan::of(request(), Some(&dataset("sensors"))).unwrap_err();
        assert!(error.0.contains("dataset sensors does not take"), "{error}");
        assert!(
            error
                .0
                .contains("use --input FILE, or `sluice up --no-producer`"),
            "{error}"
        );
    }
}
