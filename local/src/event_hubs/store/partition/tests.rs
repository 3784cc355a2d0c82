use super::*;

fn event(text: &str) -> NewEvent {
    NewEvent {
        partition_key: None,
        message: text.as_bytes().to_vec(),
    }
}

fn append(partition: &Partition, texts: &[&str], now_ms: i64) {
    let events: Vec<_> = texts.iter().map(|text| event(text)).collect();
    partition.append(&events, now_ms).unwrap();
}

fn read(partition: &Partition, start: StartAt) -> Vec<Positioned> {
    let mut reader = partition.reader(start).unwrap();
    let mut all = Vec::new();
    loop {
        let some = reader.read(partition.tail()).unwrap();
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

fn texts(records: &[Positioned]) -> Vec<String> {
    records
        .iter()
        .map(|(_, it)| String::from_utf8(it.message.to_vec()).unwrap())
        .collect()
}

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    Place {
        _directory: directory,
        path,
    }
}

#[test]
fn events_survive_reopening_and_numbers_go_on() {
    let place = place();
    let partition = Partition::open(place.path.clone()).unwrap();
    append(&partition, &["a", "b"], 10);
    append(&partition, &["", "d"], 20);
    let tail = partition.tail();
    drop(partition);

    let partition = Partition::open(place.path.clone()).unwrap();
    assert_eq!(partition.tail(), tail);
    append(&partition, &["e"], 30);
    let records = read(&partition, StartAt::Earliest);
    assert_eq!(texts(&records), ["a", "b", "", "d", "e"]);
    let sequences: Vec<_> = records.iter().map(|(_, it)| it.sequence).collect();
    assert_eq!(sequences, [0, 1, 2, 3, 4]);
    assert!(records.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn half_written_end_is_cut_off_wherever_it_was_torn() {
    let place = place();
    let partition = Partition::open(place.path.clone()).unwrap();
    append(&partition, &["first"], 10);
    let kept = std::fs::metadata(&place.path).unwrap().len();
    append(&partition, &["second"], 10);
    drop(partition);
    let whole = std::fs::read(&place.path).unwrap();

    for length in kept..whole.len() as u64 {
        std::fs::write(&place.path, &whole[..length as usize]).unwrap();
        let partition = Partition::open(place.path.clone()).unwrap();
        assert_eq!(std::fs::metadata(&place.path).unwrap().len(), kept);
        append(&partition, &["again"], 10);
        assert_eq!(
            texts(&read(&partition, StartAt::Earliest)),
            ["first", "again"]
        );
    }
}

#[test]
fn file_torn_before_its_first_event_is_empty() {
    let place = place();
    std::fs::write(&place.path, b"SLU").unwrap();
    let partition = Partition::open(place.path.clone()).unwrap();
    assert_eq!(partition.tail().next_sequence, 0);
    append(&partition, &["a"], 10);
    assert_eq!(texts(&read(&partition, StartAt::Earliest)), ["a"]);
}

#[test]
fn damage_before_the_end_is_an_error() {
    let place = place();
    let partition = Partition::open(place.path.clone()).unwrap();
    append(&partition, &["first", "second"], 10);
    drop(partition);
    let mut bytes = std::fs::read(&place.path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&place.path, &bytes).unwrap();
    assert!(matches!(
        Partition::open(place.path.clone()),
        Err(StoreError::Damaged { at: 0, .. })
    ));

    std::fs::write(&place.path, b"something else").unwrap();
    assert!(matches!(
        Partition::open(place.path.clone()),
        Err(StoreError::Damaged { .. })
    ));
}

#[test]
fn enqueued_times_never_decrease() {
    let place = place();
    let partition = Partition::open(place.path.clone()).unwrap();
    append(&partition, &["a"], 50);
    append(&partition, &["b"], 40);
    drop(partition);
    let partition = Partition::open(place.path.clone()).unwrap();
    append(&partition, &["c"], 30);
    append(&partition, &["d"], 60);
    let times: Vec<_> = read(&partition, StartAt::Earliest)
        .iter()
        .map(|(_, it)| it.enqueued_ms)
        .collect();
    assert_eq!(times, [50, 50, 50, 60]);
}

#[test]
fn reading_starts_where_asked() {
    let place = place();
    let partition = Partition::open(place.path.clone()).unwrap();
    for number in 0..1_000i64 {
        // Ten events share each time.
        append(&partition, &[&number.to_string()], number / 10 * 100);
    }
    let all = read(&partition, StartAt::Earliest);
    let offset = |number: usize| all[number].0;
    for (start, first) in [
        (StartAt::Sequence(0), 0),
        (StartAt::Sequence(1), 1),
        (StartAt::Sequence(127), 127),
        (StartAt::Sequence(128), 128),
        (StartAt::Sequence(999), 999),
        (StartAt::Offset(offset(500)), 500),
        (StartAt::Offset(offset(500) + 1), 501),
        (StartAt::EnqueuedMs(0), 0),
        (StartAt::EnqueuedMs(1), 10),
        (StartAt::EnqueuedMs(1_200), 120),
        (StartAt::EnqueuedMs(1_201), 130),
    ] {
        let records = read(&partition, start);
        assert_eq!(
            records.first().map(|(_, it)| it.sequence),
            Some(first),
            "{start:?}"
        );
        assert_eq!(records.len() as i64, 1_000 - first, "{start:?}");
    }
    for start in [
        StartAt::Latest,
        StartAt::Sequence(1_000),
        StartAt::EnqueuedMs(10_000),
        StartAt::Offset(u64::MAX),
    ] {
        assert_eq!(read(&partition, start), [], "{start:?}");
    }
}

#[test]
fn reader_goes_on_with_later_events() {
    let place = place();
    let partition = Partition::open(place.path.clone()).unwrap();
    append(&partition, &["a"], 1);
    let mut reader = partition.reader(StartAt::Latest).unwrap();
    assert_eq!(reader.read(partition.tail()).unwrap(), []);
    append(&partition, &["b", "c"], 2);
    assert_eq!(texts(&reader.read(partition.tail()).unwrap()), ["b", "c"]);
    assert_eq!(reader.read(partition.tail()).unwrap(), []);
}

#[test]
fn long_messages_and_many_short_ones_are_read() {
    let place = place();
    let partition = Partition::open(place.path.clone()).unwrap();
    let long = "x".repeat(1024 * 1024);
    append(&partition, &["short", &long, "short", &long], 1);
    let short: Vec<_> = (0..20_000).map(|_| event("0123456789")).collect();
    partition.append(&short, 2).unwrap();
    drop(partition);
    let partition = Partition::open(place.path.clone()).unwrap();
    let records = read(&partition, StartAt::Earliest);
    assert_eq!(records.len(), 20_004);
    assert_eq!(records[3].1.message.len(), long.len());
}
