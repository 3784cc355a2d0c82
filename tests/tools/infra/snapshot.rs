//! The resources that a deployment would make.

use serde_json::Value;

use crate::tool::root;

/// A snapshot as the compiler writes it.
#[derive(Clone, Debug)]
pub(super) struct Snapshot(pub(super) Value);

impl Snapshot {
    /// Reads the committed snapshot of an environment.
    pub(super) fn committed(environment: &str) -> Self {
        let file = format!("infra/{environment}.snapshot.json");
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        Self(serde_json::from_str(&text).unwrap())
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let resources = self.0["predictedResources"].as_array();
        resources.into_iter().flatten().map(Resource)
    }

    /// The resources of one type.
    pub(super) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = Resource<'a>> {
        self.resources()
            .filter(move |resource| resource.kind() == kind)
    }

    /// The names of the children of a type, without their parents'.
    pub(super) fn names<'a>(&'a self, kind: &'a str) -> Vec<&'a str> {
        self.of(kind)
            .map(|resource| resource.name().rsplit('/').next().unwrap_or_default())
            .collect()
    }

    pub(super) fn outputs(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["outputs"].as_object().into_iter().flatten()
    }

    /// The app settings.
    pub(super) fn settings(&self) -> Vec<(&str, &str)> {
        let mut configs = self.of("Microsoft.Web/sites/config");
        let config = configs.find(|config| config.name().ends_with("/appsettings"));
        let settings = config.and_then(|config| config.0["properties"].as_object());
        let settings = settings.into_iter().flatten();
        settings
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
            .collect()
    }
}

/// A resource of a snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource<'a>(pub(super) &'a Value);

impl<'a> Resource<'a> {
    pub(super) fn kind(self) -> &'a str {
        self.0["type"].as_str().unwrap_or_default()
    }

    pub(super) fn name(self) -> &'a str {
        self.0["name"].as_str().unwrap_or_default()
    }

    pub(super) fn id(self) -> &'a str {
        self.0["id"].as_str().unwrap_or_default()
    }

    /// The name of its size or kind.
    pub(super) fn sku(self) -> &'a str {
        self.0["sku"]["name"].as_str().unwrap_or_default()
    }

    /// The value at a path below `properties`, such as `/networkAcls/bypass`.
    pub(super) fn property(self, path: &str) -> &'a Value {
        static NULL: Value = Value::Null;
        self.0["properties"].pointer(path).unwrap_or(&NULL)
    }
}
