//! What every state store does with a transaction.

use std::sync::Arc;

use futures::future::join_all;
use sluice::store::ErrorKind;
use sluice::store::entity::{
    AzureEntityStore, ETag, Entity, EntityStore, MemoryEntityStore, Operation, Outcome,
    PartitionKey, Properties, RowRange, Stored, Value,
};

use super::conform;
use crate::support;

conform!(
    an_entity_is_read_back_with_every_type,
    an_etag_changes_with_every_write,
    a_taken_row_is_a_conflict,
    an_update_needs_the_state_it_was_decided_on,
    a_delete_of_what_has_gone_is_a_conflict,
    a_write_replaces_the_whole_entity,
    a_failing_step_leaves_nothing,
    exactly_one_of_many_racing_updates_wins,
    exactly_one_of_many_racing_inserts_wins,
    an_empty_transaction_changes_nothing,
);

/// A store and a partition of the test's own.
pub(super) struct State {
    pub(super) store: Arc<dyn EntityStore>,
    pub(super) partition: PartitionKey,
}

pub(super) fn memory() -> State {
    State {
        store: Arc::new(MemoryEntityStore::new()),
        partition: PartitionKey(support::unique()),
    }
}

pub(super) async fn azurite() -> State {
    let account = support::azurite().await;
    // Each test creates its table, some of them in a race.
    let table = support::unique();
    State {
        store: Arc::new(AzureEntityStore::new(&account, &table).unwrap()),
        partition: PartitionKey("orders@1".to_owned()),
    }
}

impl State {
    async fn transact(&self, operations: &[Operation]) -> Outcome {
        self.store
            .transact(&self.partition, operations)
            .await
            .unwrap()
    }

    pub(super) async fn commit(&self, operations: &[Operation]) {
        let outcome = self.transact(operations).await;
        assert_eq!(outcome, Outcome::Committed, "{operations:?}");
    }

    pub(super) async fn get(&self, row: &str) -> Option<Stored> {
        self.store.get(&self.partition, row).await.unwrap()
    }

    async fn etag(&self, row: &str) -> ETag {
        self.get(row)
            .await
            .expect("the entity should be there")
            .etag
    }

    pub(super) async fn rows(&self, range: RowRange) -> Vec<String> {
        let found = self.store.range(&self.partition, &range).await.unwrap();
        // Page by page it is the same.
        let (mut paged, mut rest) = (Vec::new(), range);
        loop {
            let page = self.store.page(&self.partition, &rest).await.unwrap();
            let Some(last) = page.last() else { break };
            rest = rest.after(&last.entity.row);
            paged.extend(page);
        }
        assert_eq!(paged, found);
        found.into_iter().map(|stored| stored.entity.row).collect()
    }

    pub(super) async fn refused(&self, operations: &[Operation], word: &str) {
        let refused = self.store.transact(&self.partition, operations).await;
        let error = refused.expect_err(word);
        assert_eq!(error.kind, ErrorKind::Permanent, "{error:?}");
        let words = error.source.to_string();
        assert!(words.contains(word), "{words}");
    }
}

pub(super) fn entity(row: &str, number: i64) -> Entity {
    with(row, "number", Value::Int64(number))
}

pub(super) fn with(row: &str, name: &str, value: Value) -> Entity {
    Entity {
        row: row.to_owned(),
        properties: Properties::from([(name.to_owned(), value)]),
    }
}

pub(super) fn insert(row: &str, number: i64) -> Operation {
    Operation::Insert(entity(row, number))
}

fn update(row: &str, number: i64, if_match: &ETag) -> Operation {
    Operation::Update {
        entity: entity(row, number),
        if_match: if_match.clone(),
    }
}

pub(super) fn delete(row: &str, if_match: Option<&ETag>) -> Operation {
    Operation::Delete {
        row: row.to_owned(),
        if_match: if_match.cloned(),
    }
}

pub(super) fn everything() -> RowRange {
    RowRange {
        from: String::new(),
        until: "\u{7f}".to_owned(),
    }
}

async fn an_entity_is_read_back_with_every_type(state: State) {
    let properties = [
        ("empty", Value::String(String::new())),
        (
            "text",
            Value::String("a\"b\\c\r\n{\"d\":'e'} ümläut 🦀".to_owned()),
        ),
        ("number_like", Value::String("42".to_owned())),
        (
            "date_like",
            Value::String("2025-11-14T11:44:34.343Z".to_owned()),
        ),
        ("least", Value::Int64(i64::MIN)),
        ("most", Value::Int64(i64::MAX)),
        ("zero", Value::Int64(0)),
        ("yes", Value::Bool(true)),
        ("no", Value::Bool(false)),
    ];
    let written = Entity {
        row: "row".to_owned(),
        properties: properties
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    };
    assert_eq!(state.get("row").await, None);
    state.commit(&[Operation::Insert(written.clone())]).await;

    let read = state.get("row").await.unwrap();
    assert_eq!(read.entity, written);
    let range = state.store.range(&state.partition, &everything()).await;
    assert_eq!(range.unwrap(), [read]);
    assert_eq!(state.get("other").await, None);
}

async fn an_etag_changes_with_every_write(state: State) {
    let mut seen = Vec::new();
    state.commit(&[insert("row", 0)]).await;
    for _ in 0..20 {
        let etag = state.etag("row").await;
        assert_eq!(state.etag("row").await, etag);
        assert!(!seen.contains(&etag), "{etag:?} {seen:?}");
        // The same content, still another state.
        state.commit(&[update("row", 0, &etag)]).await;
        seen.push(etag);
    }
}

async fn a_taken_row_is_a_conflict(state: State) {
    state.commit(&[insert("row", 1)]).await;
    assert_eq!(state.transact(&[insert("row", 2)]).await, Outcome::Conflict);
    assert_eq!(state.get("row").await.unwrap().entity, entity("row", 1));
}

async fn an_update_needs_the_state_it_was_decided_on(state: State) {
    state.commit(&[insert("row", 1)]).await;
    let first = state.etag("row").await;
    state.commit(&[update("row", 2, &first)]).await;
    assert_eq!(
        state.transact(&[update("row", 3, &first)]).await,
        Outcome::Conflict
    );
    assert_eq!(
        state.transact(&[delete("row", Some(&first))]).await,
        Outcome::Conflict
    );
    assert_eq!(state.get("row").await.unwrap().entity, entity("row", 2));
    assert_eq!(
        state.transact(&[update("gone", 1, &first)]).await,
        Outcome::Conflict
    );

    let second = state.etag("row").await;
    state.commit(&[delete("row", Some(&second))]).await;
    assert_eq!(state.get("row").await, None);
}

async fn a_delete_of_what_has_gone_is_a_conflict(state: State) {
    state.commit(&[insert("row", 1)]).await;
    state.commit(&[delete("row", None)]).await;
    assert_eq!(
        state.transact(&[delete("row", None)]).await,
        Outcome::Conflict
    );
}

async fn a_write_replaces_the_whole_entity(state: State) {
    let old = with("row", "old", Value::Bool(true));
    let new = with("row", "new", Value::Bool(true));
    state.commit(&[Operation::Upsert(old.clone())]).await;
    state.commit(&[Operation::Upsert(new.clone())]).await;
    assert_eq!(state.get("row").await.unwrap().entity, new);

    let if_match = state.etag("row").await;
    let entity = old.clone();
    state
        .commit(&[Operation::Update { entity, if_match }])
        .await;
    assert_eq!(state.get("row").await.unwrap().entity, old);
}

async fn a_failing_step_leaves_nothing(state: State) {
    state
        .commit(&[insert("head", 1), insert("taken", 1), insert("old", 1)])
        .await;
    let head = state.etag("head").await;
    let stale = ETag("W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\"".to_owned());
    let before = state
        .store
        .range(&state.partition, &everything())
        .await
        .unwrap();
    let failing = [
        insert("taken", 2),
        update("taken", 2, &stale),
        update("missing", 2, &head),
        delete("missing", None),
    ];
    for step in failing {
        // First, in the middle and last.
        for position in 0..4 {
            let mut steps = vec![
                update("head", 2, &head),
                Operation::Upsert(entity("new", 2)),
                delete("old", None),
            ];
            steps.insert(position, step.clone());
            assert_eq!(state.transact(&steps).await, Outcome::Conflict, "{step:?}");
            let after = state.store.range(&state.partition, &everything()).await;
            assert_eq!(after.unwrap(), before, "{step:?} at {position}");
        }
    }
}

async fn exactly_one_of_many_racing_updates_wins(state: State) {
    state.commit(&[insert("head", 0)]).await;
    for round in 0..5 {
        let head = state.etag("head").await;
        let attempts = (0..16).map(|number| {
            let (store, partition) = (Arc::clone(&state.store), state.partition.clone());
            let steps = [
                update("head", number, &head),
                insert(&format!("log|{round}"), number),
                insert(&format!("src|{round}|{number}"), number),
            ];
            tokio::spawn(async move { (number, store.transact(&partition, &steps).await.unwrap()) })
        });
        let winners: Vec<i64> = join_all(attempts)
            .await
            .into_iter()
            .map(Result::unwrap)
            .filter(|(_, outcome)| *outcome == Outcome::Committed)
            .map(|(number, _)| number)
            .collect();

        let [winner] = winners[..] else {
            panic!("{winners:?} won round {round}");
        };
        assert_eq!(
            state.get("head").await.unwrap().entity,
            entity("head", winner)
        );
        let sources = state.rows(RowRange::prefix(&format!("src|{round}|"))).await;
        assert_eq!(sources, [format!("src|{round}|{winner}")]);
    }
}

async fn exactly_one_of_many_racing_inserts_wins(state: State) {
    let attempts = (0..16).map(|number| {
        let (store, partition) = (Arc::clone(&state.store), state.partition.clone());
        let steps = [insert("head", number), insert("log|0", number)];
        tokio::spawn(async move { store.transact(&partition, &steps).await.unwrap() })
    });
    let outcomes = join_all(attempts).await;
    let won = outcomes
        .into_iter()
        .filter(|outcome| *outcome.as_ref().unwrap() == Outcome::Committed)
        .count();
    assert_eq!(won, 1);
    assert_eq!(
        state.get("head").await.unwrap().entity.properties,
        state.get("log|0").await.unwrap().entity.properties,
    );
}

async fn an_empty_transaction_changes_nothing(state: State) {
    state.commit(&[]).await;
    assert_eq!(state.rows(everything()).await, [""; 0]);
}
