use super::*;

fn problem(text: &str) -> String {
    parse(text).unwrap_err()
}

#[test]
fn the_string_of_the_portal_is_read() {
    let settings = parse(
        "Server=tcp:shop.database.windows.net,1433;Initial Catalog=gold;Persist Security Info=False;\
         User ID=writer;Password={your_password};MultipleActiveResultSets=False;Encrypt=True;\
         TrustServerCertificate=False;Connection Timeout=30;",
    )
    .unwrap();
    assert_eq!(settings.host, "shop.database.windows.net");
    assert_eq!((settings.port, settings.database.as_str()), (1433, "gold"));
    assert_eq!(settings.encryption, Encryption::Required);
    assert!(!settings.trust_certificate);
    assert_eq!(settings.connect_timeout, Duration::from_secs(30));
    let Authentication::SqlPassword { user, password } = &settings.authentication else {
        panic!("a password logs in");
    };
    assert_eq!(
        (user.as_str(), password.secret()),
        ("writer", "{your_password}")
    );
    assert!(!format!("{settings:?}").contains("your_password"));
}

#[test]
fn identities_log_in_without_a_password() {
    let method = |rest: &str| {
        parse(&format!("Server=s;Database=d;Authentication={rest}"))
            .unwrap()
            .authentication
    };
    for text in [
        "Active Directory Managed Identity",
        "ActiveDirectoryManagedIdentity",
        "active directory msi",
    ] {
        let found = method(text);
        let is_managed = matches!(found, Authentication::ManagedIdentity { client_id: None });
        assert!(is_managed, "{text}");
    }
    let found = method("Active Directory Managed Identity;User Id=1234-5");
    assert!(
        matches!(found, Authentication::ManagedIdentity { client_id: Some(id) } if id == "1234-5")
    );
    let found = method("\"Active Directory Default\"");
    assert!(matches!(found, Authentication::Default { client_id: None }));
    let found = method("Sql Password;UID=u;PWD=p");
    assert!(matches!(found, Authentication::SqlPassword { .. }));
}

#[test]
fn what_is_encrypted_and_trusted_is_said_and_safe_otherwise() {
    let read = |rest: &str| {
        let settings = parse(&format!("Server=s;Database=d;Uid=u;Pwd=p;{rest}")).unwrap();
        (settings.encryption, settings.trust_certificate)
    };
    assert_eq!(read(""), (Encryption::Required, false));
    assert_eq!(read("Encrypt=strict"), (Encryption::Strict, false));
    assert_eq!(read("Encrypt=Mandatory"), (Encryption::Required, false));
    assert_eq!(
        read("Encrypt=no;Trust Server Certificate=yes"),
        (Encryption::LoginOnly, true)
    );
}

#[test]
fn servers_are_read_with_and_without_protocol_and_port() {
    for (text, host, port) in [
        ("tcp:a.b.c,1434", "a.b.c", 1434),
        ("a.b.c", "a.b.c", 1433),
        ("TCP:127.0.0.1 , 5000", "127.0.0.1", 5000),
        (".", "localhost", 1433),
        ("(local),99", "localhost", 99),
    ] {
        assert_eq!(parse_server(text), Ok((host.to_owned(), port)), "{text}");
    }
    for text in [
        "",
        "tcp:",
        "np:\\\\.\\pipe",
        "host\\instance",
        "host,0",
        "host,x",
    ] {
        assert!(parse_server(text).is_err(), "{text}");
    }
}

#[test]
fn values_in_quotes_may_contain_anything() {
    for (value, expected) in [
        ("\"a;b=c\"", "a;b=c"),
        ("'a;\"b'", "a;\"b"),
        ("\"a\"\"b\"", "a\"b"),
        ("'a''b' ", "a'b"),
        ("  plain = text ", "plain = text"),
        ("a\"b", "a\"b"),
    ] {
        let settings = parse(&format!("Server=s;Database=d;Uid=u;Pwd={value};App=x")).unwrap();
        let Authentication::SqlPassword { password, .. } = settings.authentication else {
            panic!("a password logs in");
        };
        assert_eq!(password.secret(), expected);
    }
}

#[test]
fn the_last_of_two_values_counts_and_the_case_of_keywords_does_not() {
    let settings = parse("SERVER=a;server=b;;DataBase=d;Uid=u;Pwd=p;").unwrap();
    assert_eq!(settings.host, "b");
}

#[test]
fn problems_are_named_without_what_may_be_secret() {
    let complete = "Server=s;Database=d;Uid=u;";
    for (text, part) in [
        ("Database=d;Uid=u;Pwd=p".to_owned(), "names no Server"),
        ("Server=s;Uid=u;Pwd=p".to_owned(), "names no Database"),
        ("Server=s;Database=d".to_owned(), "Managed Identity"),
        (
            format!("{complete}Authentication=Sql Password"),
            "needs a Password",
        ),
        (
            format!("{complete}Authentication=secret"),
            "is not Active Directory",
        ),
        (
            format!("{complete}Integrated Security=SSPI"),
            "Integrated Security",
        ),
        (format!("{complete}Pwd=p;Encrypt=secret"), "Encrypt"),
        (
            format!("{complete}Pwd=p;Connect Timeout=0"),
            "Connect Timeout",
        ),
        (format!("{complete}Pwd=p;secret=q"), "part 5"),
        (format!("{complete}Pwd=p;secret"), "part 5"),
        (format!("{complete}Pwd=\"secret"), "quote"),
        (format!("{complete}Pwd=\"p\"secret"), "quote"),
    ] {
        let found = problem(&text);
        assert!(found.contains(part), "{text}: {found}");
        assert!(!found.contains("secret"), "{found}");
    }
}
