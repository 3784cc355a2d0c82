use super::*;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

fn read(settings: &[(&str, &str)]) -> Result<Settings, Problems> {
    let lookup = |name: &str| {
        let found = settings.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::from_lookup(&lookup, "here".to_owned())
}

fn problems(settings: &[(&str, &str)]) -> String {
    read(settings).unwrap_err().0.join("\n")
}

#[test]
fn nothing_is_asked_for_without_settings_or_where_the_sdk_is_disabled() {
    let collected = (ENDPOINT, "http://localhost:4318");
    for settings in [
        &[][..],
        &[(ENDPOINT, " ")],
        &[collected, (METRICS_PORT, "9464"), (DISABLED, "TRUE")],
        &[
            collected,
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_TRACES_EXPORTER", "none"),
        ],
    ] {
        let read = read(settings).unwrap();
        assert!(read.metrics.is_none() && read.traces.is_none());
        assert!(read.metrics_port.is_none());
    }
    let on = read(&[collected, (DISABLED, "false")]).unwrap();
    assert!(on.metrics.is_some() && on.traces.is_some());
}

#[test]
fn a_collector_takes_each_signal_below_its_address() {
    let settings = read(&[
        (ENDPOINT, "https://collector.example.com/otlp/"),
        (HEADERS, "api-key=a%20b, other = c"),
        (INTERVAL, "1500"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "700"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
    ])
    .unwrap();
    assert_eq!(settings.interval, Duration::from_millis(1_500));
    let address = "https://collector.example.com/otlp/v1";
    for (collector, path) in [(settings.metrics, "metrics"), (settings.traces, "traces")] {
        let collector = collector.unwrap();
        assert_eq!(collector.address.as_str(), format!("{address}/{path}"));
        assert_eq!(collector.headers["api-key"], "a b");
        assert_eq!(collector.headers["other"], "c");
        assert_eq!(collector.timeout, Duration::from_millis(700));
        assert!(collector.compresses);
    }
}

#[test]
fn a_setting_of_one_signal_comes_before_that_of_both() {
    let settings = read(&[
        (ENDPOINT, "http://localhost:4318"),
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "https://traces.example.com/as/it/is",
        ),
        (HEADERS, "of=both"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "of=traces"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "20"),
    ]);
    let settings = settings.unwrap();
    let (metrics, traces) = (settings.metrics.unwrap(), settings.traces.unwrap());
    assert_eq!(metrics.address.as_str(), "http://localhost:4318/v1/metrics");
    assert_eq!(
        traces.address.as_str(),
        "https://traces.example.com/as/it/is"
    );
    assert_eq!(metrics.headers["of"], "both");
    assert_eq!(traces.headers["of"], "traces");
    assert_eq!(metrics.timeout, Duration::from_secs(10));
    assert_eq!(traces.timeout, Duration::from_millis(20));
    let only = read(&[(
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        "http://localhost:4318/v1/metrics",
    )]);
    let only = only.unwrap();
    assert!(only.metrics.is_some() && only.traces.is_none());
}

#[test]
fn a_process_is_named_as_its_platform_names_it_unless_a_setting_does() {
    let plain = read(&[]).unwrap().identity;
    assert_eq!(
        (&plain.service[..], &plain.instance[..]),
        ("sluice", "here")
    );
    assert_eq!(plain.function("gold"), "gold");
    let site = ("WEBSITE_SITE_NAME", "shop");
    let azure = [
        site,
        ("WEBSITE_INSTANCE_ID", "i7"),
        (ATTRIBUTES, "deployment.environment.name=dev"),
    ];
    let azure = read(&azure).unwrap().identity;
    assert_eq!((&azure.service[..], &azure.instance[..]), ("shop", "i7"));
    assert_eq!(azure.function("gold"), "shop/gold");
    assert_eq!(azure.attributes[0].1, "dev");
    let attributes = (ATTRIBUTES, "service.name=a");
    let service = |settings: &[(&str, &str)]| read(settings).unwrap().identity.service;
    assert_eq!(service(&[site, attributes]), "a");
    assert_eq!(service(&[site, attributes, (SERVICE, "s")]), "s");
}

#[test]
fn every_problem_is_named_once_and_no_secret_is_repeated() {
    let settings = [
        (ENDPOINT, "http://secret@collector.example.com"),
        (HEADERS, "key=secret,secret,not a key=secret"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        (INTERVAL, "often"),
        (METRICS_PORT, "0"),
        (ATTRIBUTES, "nothing"),
    ];
    let said = problems(&settings);
    assert!(!said.contains("secret"), "{said}");
    for part in [
        "METRICS_PORT is \"0\"",
        "\"grpc\"; Sluice speaks http/protobuf",
        "OTEL_EXPORTER_OTLP_COMPRESSION is \"zip\"; it takes gzip or none",
        "OTEL_EXPORTER_OTLP_TIMEOUT is \"0\"; it takes milliseconds",
        "\"often\"; it takes milliseconds",
        "OTEL_EXPORTER_OTLP_HEADERS has no `=` in its pair 2",
        "has a pair that is no header of HTTP",
        "OTEL_RESOURCE_ATTRIBUTES has no `=` in its pair 1",
        "begins with http:, and",
    ] {
        assert_eq!(said.matches(part).count(), 1, "{part}: {said}");
    }
    for endpoint in ["collector:4318", "nowhere", "ftp://collector"] {
        assert!(read(&[(ENDPOINT, endpoint)]).is_err(), "{endpoint}");
    }
}

#[test]
fn what_the_sdk_would_not_know_is_a_problem() {
    let collected = (ENDPOINT, "http://localhost:4318");
    let said = problems(&[collected, ("OTEL_METRICS_EXPORTER", "prometheus")]);
    assert!(said.contains("it takes otlp or none"), "{said}");
    let said = problems(&[collected, (DISABLED, "yes")]);
    assert!(said.contains("it takes true or false"), "{said}");
    let said = problems(&[collected, (SAMPLER, "xray")]);
    assert!(said.contains("it takes one of always_on"), "{said}");
    let ratio = (SAMPLER, "parentbased_traceidratio");
    let said = problems(&[collected, ratio]);
    assert!(
        said.contains("OTEL_TRACES_SAMPLER_ARG is not set"),
        "{said}"
    );
    let said = problems(&[collected, ratio, (RATIO, "1.5")]);
    assert!(said.contains("from 0 to 1"), "{said}");
    assert!(read(&[collected, ratio, (RATIO, "0.5")]).is_ok());
}
