//! What every blob store does.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use sluice::clock::SystemClock;
use sluice::store::ErrorKind;
use sluice::store::object::{
    AzureObjectStore, Created, MemoryObjectStore, Metadata, ObjectPath, ObjectStore,
};

use super::conform;
use crate::support;

conform!(
    a_created_object_is_read_back_with_everything,
    a_taken_name_is_said_and_nothing_changes,
    exactly_one_of_many_racing_creates_wins,
    a_missing_object_is_no_error,
    ranges_are_half_open_and_lie_within_the_object,
    an_empty_object_is_an_object,
    a_listing_has_all_pages_in_order_with_metadata,
    a_prefix_cuts_through_names_but_not_containers,
    odd_names_are_kept_exactly,
    a_deleted_name_is_free_again,
    a_put_writes_whatever_is_there,
    a_reader_beside_puts_finds_one_of_them_whole,
    pages_cover_a_listing_once,
    a_large_object_is_one_object,
    what_the_service_refuses_is_refused_at_once,
);

/// A store and a container of the test's own.
struct Lake {
    store: Arc<dyn ObjectStore>,
    container: String,
}

fn memory() -> Lake {
    Lake {
        store: Arc::new(MemoryObjectStore::new(Arc::new(SystemClock))),
        container: support::unique(),
    }
}

async fn azurite() -> Lake {
    let account = support::azurite().await;
    Lake {
        store: Arc::new(AzureObjectStore::new(&account).unwrap().with_page_size(3)),
        container: support::unique(),
    }
}

impl Lake {
    fn path(&self, name: &str) -> ObjectPath {
        ObjectPath::new(&self.container, name)
    }

    async fn create(&self, name: &str, content: &[u8]) -> Created {
        let content = Bytes::copy_from_slice(content);
        self.store
            .create(&self.path(name), content, &Metadata::new())
            .await
            .unwrap()
    }

    async fn names(&self, prefix: &str) -> Vec<String> {
        let found = self.store.list(&self.path(prefix)).await.unwrap();
        let names = found.iter().map(|info| info.path.name().to_owned());
        names.collect()
    }
}

fn metadata(pairs: &[(&str, &str)]) -> Metadata {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

async fn a_created_object_is_read_back_with_everything(lake: Lake) {
    let path = lake.path("a/b.jsonl");
    let words = metadata(&[
        ("first_sequence", "7"),
        ("lines", "2"),
        ("note", "a b;c=\"d\""),
    ]);
    let content = Bytes::from_static(b"{}\n\xff\n");
    let before = chrono::Utc::now().timestamp_millis();

    let created = lake.store.create(&path, content.clone(), &words).await;
    assert_eq!(created.unwrap(), Created::New);

    assert_eq!(lake.store.get(&path).await.unwrap(), Some(content));
    let info = lake.store.head(&path).await.unwrap().unwrap();
    assert_eq!((&info.path, info.size, &info.metadata), (&path, 5, &words));
    let age = info.created.0 - before;
    assert!((-2_000..60_000).contains(&age), "{age}");
    assert_eq!(lake.store.list(&lake.path("a/")).await.unwrap(), [info]);
}

async fn a_taken_name_is_said_and_nothing_changes(lake: Lake) {
    let path = lake.path("taken");
    let first = metadata(&[("by", "first")]);
    let second = metadata(&[("by", "second")]);
    let create = |content: &'static [u8], words| {
        let (store, path) = (Arc::clone(&lake.store), path.clone());
        async move {
            store
                .create(&path, Bytes::from_static(content), &words)
                .await
        }
    };

    assert_eq!(create(b"1", first.clone()).await.unwrap(), Created::New);
    assert_eq!(create(b"22", second).await.unwrap(), Created::AlreadyThere);
    assert_eq!(
        create(b"", first.clone()).await.unwrap(),
        Created::AlreadyThere
    );

    let info = lake.store.head(&path).await.unwrap().unwrap();
    assert_eq!((info.size, info.metadata), (1, first));
}

async fn exactly_one_of_many_racing_creates_wins(lake: Lake) {
    // The container is not there either: its creation races as well.
    let attempts = (0..24_u8).map(|number| {
        let (store, path) = (Arc::clone(&lake.store), lake.path("raced"));
        tokio::spawn(async move {
            let content = Bytes::from(vec![number; 1_000]);
            (
                number,
                store
                    .create(&path, content, &Metadata::new())
                    .await
                    .unwrap(),
            )
        })
    });
    let winners: Vec<u8> = join_all(attempts)
        .await
        .into_iter()
        .map(Result::unwrap)
        .filter(|(_, created)| *created == Created::New)
        .map(|(number, _)| number)
        .collect();

    assert_eq!(winners.len(), 1, "{winners:?}");
    let content = lake.store.get(&lake.path("raced")).await.unwrap().unwrap();
    assert_eq!(content, vec![winners[0]; 1_000]);
}

async fn a_missing_object_is_no_error(lake: Lake) {
    let path = lake.path("missing");
    // First without the container, then in it.
    for _ in 0..2 {
        assert_eq!(lake.store.get(&path).await.unwrap(), None);
        assert_eq!(lake.store.get_range(&path, 0..1).await.unwrap(), None);
        assert_eq!(lake.store.get_range(&path, 0..0).await.unwrap(), None);
        assert_eq!(lake.store.head(&path).await.unwrap(), None);
        assert_eq!(lake.store.list(&path).await.unwrap(), []);
        lake.store.delete(&path).await.unwrap();
        lake.create("other", b"").await;
    }
}

async fn ranges_are_half_open_and_lie_within_the_object(lake: Lake) {
    lake.create("digits", b"0123456789").await;
    let path = lake.path("digits");
    for (range, expected) in [
        (0..10, "0123456789"),
        (0..1, "0"),
        (3..7, "3456"),
        (9..10, "9"),
        (4..4, ""),
        (10..10, ""),
    ] {
        let found = lake.store.get_range(&path, range.clone()).await.unwrap();
        assert_eq!(found, Some(Bytes::from(expected)), "{range:?}");
    }
    for range in [0..11, 10..11, 9..12, 11..11, 20..30] {
        let error = lake
            .store
            .get_range(&path, range.clone())
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Permanent, "{range:?} {error:?}");
    }
}

async fn an_empty_object_is_an_object(lake: Lake) {
    let path = lake.path("empty");
    assert_eq!(lake.create("empty", b"").await, Created::New);
    assert_eq!(lake.create("empty", b"x").await, Created::AlreadyThere);
    assert_eq!(lake.store.get(&path).await.unwrap(), Some(Bytes::new()));
    assert_eq!(
        lake.store.get_range(&path, 0..0).await.unwrap(),
        Some(Bytes::new())
    );
    assert_eq!(lake.store.head(&path).await.unwrap().unwrap().size, 0);
}

async fn a_listing_has_all_pages_in_order_with_metadata(lake: Lake) {
    let expected: Vec<String> = (0..10).map(|number| format!("d/{number:03}")).collect();
    for name in expected.iter().rev() {
        let words = metadata(&[("name", name)]);
        let path = lake.path(name);
        lake.store
            .create(&path, Bytes::new(), &words)
            .await
            .unwrap();
    }

    let found = lake.store.list(&lake.path("d/")).await.unwrap();
    let names: Vec<String> = found
        .iter()
        .map(|info| info.path.name().to_owned())
        .collect();
    assert_eq!(names, expected);
    for info in found {
        assert_eq!(
            info.metadata.get("name").map(String::as_str),
            Some(info.path.name())
        );
    }
}

async fn a_prefix_cuts_through_names_but_not_containers(lake: Lake) {
    for name in ["a-b", "a/1", "a/12", "a/2", "a0", "b"] {
        lake.create(name, b"").await;
    }
    let elsewhere = Lake {
        store: Arc::clone(&lake.store),
        container: format!("{}x", lake.container),
    };
    elsewhere.create("a/1", b"").await;

    assert_eq!(
        lake.names("").await,
        ["a-b", "a/1", "a/12", "a/2", "a0", "b"]
    );
    assert_eq!(lake.names("a").await, ["a-b", "a/1", "a/12", "a/2", "a0"]);
    assert_eq!(lake.names("a/1").await, ["a/1", "a/12"]);
    assert_eq!(lake.names("a/").await, ["a/1", "a/12", "a/2"]);
    assert_eq!(lake.names("c").await, [""; 0]);
}

async fn odd_names_are_kept_exactly(lake: Lake) {
    let mut names = [
        "event_date=2025-01-01/event_hour=00/x.parquet",
        "a b/c",
        "a+b%20c%2Fd",
        "q?x=1&y=2#z",
        "quote's \"double\" <tag> & {curly} [square] |`^",
        "ümläut/日本語/🦀",
        "a//b",
        "_sluice/$x/@y;z,w:~!*()",
    ];
    for name in names {
        assert_eq!(
            lake.create(name, name.as_bytes()).await,
            Created::New,
            "{name}"
        );
    }
    for name in names {
        let content = lake.store.get(&lake.path(name)).await.unwrap();
        assert_eq!(content, Some(Bytes::from(name)), "{name}");
        assert!(lake.store.head(&lake.path(name)).await.unwrap().is_some());
        assert_eq!(lake.names(name).await, [name]);
    }
    names.sort_unstable();
    assert_eq!(lake.names("").await, names);
}

async fn a_deleted_name_is_free_again(lake: Lake) {
    lake.create("x", b"1").await;
    lake.store.delete(&lake.path("x")).await.unwrap();
    lake.store.delete(&lake.path("x")).await.unwrap();
    assert_eq!(lake.store.get(&lake.path("x")).await.unwrap(), None);
    assert_eq!(lake.create("x", b"2").await, Created::New);
}

async fn a_put_writes_whatever_is_there(lake: Lake) {
    let path = lake.path("pointer");
    for content in ["first", "a longer second", ""] {
        let content = Bytes::from(content);
        lake.store.put(&path, content.clone()).await.unwrap();
        assert_eq!(lake.store.get(&path).await.unwrap(), Some(content));
    }
    assert_eq!(lake.create("pointer", b"x").await, Created::AlreadyThere);
    lake.create("other", b"created").await;
    let path = lake.path("other");
    lake.store.put(&path, Bytes::from("put")).await.unwrap();
    let content = lake.store.get(&path).await.unwrap().unwrap();
    assert_eq!(content, "put", "also over an object that was created");
    assert_eq!(lake.names("").await, ["other", "pointer"]);
}

async fn a_reader_beside_puts_finds_one_of_them_whole(lake: Lake) {
    let path = lake.path("pointer");
    let contents = ["a", "b"].map(|letter| Bytes::from(letter.repeat(20_000)));
    lake.store.put(&path, contents[0].clone()).await.unwrap();
    let write = async {
        for round in 0..20 {
            let content = contents[round % 2].clone();
            lake.store.put(&path, content).await.unwrap();
        }
    };
    let read = async {
        for _ in 0..40 {
            let found = lake.store.get(&path).await.unwrap();
            assert!(found.is_some_and(|found| contents.contains(&found)));
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(write, read);
}

async fn pages_cover_a_listing_once(lake: Lake) {
    for number in 0..8 {
        lake.create(&format!("a/{number}"), b"x").await;
    }
    lake.create("b/0", b"x").await;
    let prefix = lake.path("a/");
    let mut names = Vec::new();
    let mut next = None;
    loop {
        let page = lake.store.list_page(&prefix, next).await.unwrap();
        names.extend(page.objects.iter().map(|o| o.path.name().to_owned()));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(names, lake.names("a/").await);
    let missing = ObjectPath::new(&support::unique(), "");
    let page = lake.store.list_page(&missing, None).await.unwrap();
    assert!(page.objects.is_empty() && page.next.is_none());
}

async fn a_large_object_is_one_object(lake: Lake) {
    let content: Bytes = (0..64 * 1024 * 1024_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let path = lake.path("large");
    for expected in [Created::New, Created::AlreadyThere] {
        let created = lake
            .store
            .create(&path, content.clone(), &Metadata::new())
            .await;
        assert_eq!(created.unwrap(), expected);
    }

    assert!(lake.store.get(&path).await.unwrap().unwrap() == content);
    let part = lake
        .store
        .get_range(&path, 30_000_000..50_000_001)
        .await
        .unwrap();
    assert!(part.unwrap() == content[30_000_000..50_000_001]);
}

async fn what_the_service_refuses_is_refused_at_once(lake: Lake) {
    let big = "x".repeat(8 * 1024);
    let cases = [
        (ObjectPath::new("Upper", "x"), Metadata::new()),
        (ObjectPath::new("ab", "x"), Metadata::new()),
        (lake.path(""), Metadata::new()),
        (lake.path("ends/"), Metadata::new()),
        (lake.path("ends."), Metadata::new()),
        (lake.path("line\nbreak"), Metadata::new()),
        (lake.path("back\\slash"), Metadata::new()),
        (lake.path(&"x".repeat(1_025)), Metadata::new()),
        (lake.path("x"), metadata(&[("not-a-name", "x")])),
        (lake.path("x"), metadata(&[("name", "ü")])),
        (lake.path("x"), metadata(&[("name", " padded ")])),
        (lake.path("x"), metadata(&[("name", &big)])),
    ];
    for (path, words) in cases {
        let refused = lake.store.create(&path, Bytes::new(), &words).await;
        assert_eq!(
            refused.unwrap_err().kind,
            ErrorKind::Permanent,
            "{path} {words:?}"
        );
    }
    assert_eq!(lake.names("").await, [""; 0]);
}
