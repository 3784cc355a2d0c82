use super::*;

#[test]
fn columns_come_first_and_lineage_follows() {
    let text = r#"
        name = "all"
        key = ["at"]
        event_time = "at"
        column = [
            { name = "at", type = "timestamp", required = true, description = "When" },
            { name = "i", type = "int64" },
            { name = "d", type = "double" },
            { name = "n", type = "decimal(20,3)", required = true },
            { name = "s", type = "string" },
            { name = "b", type = "bool" },
            { name = "day", type = "date" },
            { name = "j", type = "json" },
        ]
    "#;
    let rescuing = Dataset::parse(text, "x.toml").unwrap();
    let schema = arrow_schema(&rescuing);
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let expected = [
        ("at", utc.clone(), false),
        ("i", DataType::Int64, true),
        ("d", DataType::Float64, true),
        ("n", DataType::Decimal128(20, 3), false),
        ("s", DataType::Utf8, true),
        ("b", DataType::Boolean, true),
        ("day", DataType::Date32, true),
        ("j", DataType::Utf8, true),
        ("_source", dictionary, false),
        ("_sequence_number", DataType::Int64, true),
        ("_enqueued_time", utc, false),
        ("_rescued", DataType::Utf8, true),
    ];
    assert_eq!(schema.fields().len(), expected.len());
    for (field, (name, data_type, nullable)) in schema.fields().iter().zip(expected) {
        assert_eq!(
            (
                field.name().as_str(),
                field.data_type(),
                field.is_nullable()
            ),
            (name, &data_type, nullable)
        );
    }
    assert_eq!(schema.field(0).metadata()["description"], "When");

    let ignoring = Dataset {
        unknown_fields: UnknownFields::Ignore,
        ..rescuing
    };
    assert!(arrow_schema(&ignoring).field_with_name(RESCUED).is_err());
}
