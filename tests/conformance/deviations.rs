//! The cases in which the library departs from the recorded result on purpose.

use serde::Deserialize;

/// Cases with one justification.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// The documented behaviour that the library follows instead.
    behaviour: String,
    reason: String,
    /// Ids, each one case (`op2/00012`) or an inclusive range (`op2/00012-00019`).
    cases: Vec<String>,
}

/// The list of deviations.
pub struct Deviations {
    groups: Vec<Group>,
}

impl Deviations {
    /// The list kept beside the vectors.
    pub fn load() -> Deviations {
        let groups: Vec<Group> = serde_json::from_str(include_str!("deviations.json")).expect("groups");
        let justified = |group: &Group| !group.behaviour.is_empty() && !group.reason.is_empty();
        assert!(groups.iter().all(justified), "a deviation needs a behaviour and a reason");
        Deviations { groups }
    }

    /// Whether the case `id` is expected to differ.
    pub fn contains(&self, id: &str) -> bool {
        self.groups.iter().flat_map(|group| &group.cases).any(|pattern| matches(pattern, id))
    }

    /// The patterns that match none of `ids`.
    pub fn unmatched<'a>(&'a self, ids: &[String]) -> Vec<&'a String> {
        let patterns = self.groups.iter().flat_map(|group| &group.cases);
        patterns.filter(|pattern| !ids.iter().any(|id| matches(pattern, id))).collect()
    }
}

fn matches(pattern: &str, id: &str) -> bool {
    match pattern.split_once('-') {
        None => pattern == id,
        Some((first, last)) => {
            let (family, first) = first.split_once('/').expect("family/number");
            let Some(number) = id.strip_prefix(family).and_then(|rest| rest.strip_prefix('/')) else {
                return false;
            };
            (first..=last).contains(&number)
        }
    }
}
