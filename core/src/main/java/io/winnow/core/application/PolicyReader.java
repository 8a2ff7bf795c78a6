package io.winnow.core.application;

import io.winnow.core.Event;
import io.winnow.core.application.Objectives.Objective;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code objectives}, {@code retrieval}, {@code reranking} and {@code serving}. What is
 * absent comes from {@link Defaults}.
 */
final class PolicyReader {
  static final List<String> OBJECTIVE_KEYS = List.of("when", "weight");
  static final List<String> RERANKING_KEYS = List.of("diversity", "cap", "explore", "exclude");
  static final List<String> DIVERSITY_KEYS = List.of("by", "strength");
  static final List<String> SERVING_KEYS = List.of("deadline", "slate");
  static final int MAX_QUOTA = 2000;
  static final int MAX_OBJECTIVES = 20;

  private final Schema schema;

  PolicyReader(Schema schema) {
    this.schema = schema;
  }

  Objectives objectives(Section section, Section window) {
    Duration within =
        window.duration(Defaults.OUTCOME_WINDOW, Duration.ofMinutes(1), Duration.ofDays(30));
    if (!section.isPresent()) {
      return new Objectives(Defaults.objectives(schema), within);
    }
    List<Objective> list = new ArrayList<>();
    for (String name : section.keys()) {
      Section entry = section.get(name);
      SchemaReader.checkName(entry, name);
      objective(entry, name).ifPresent(list::add);
    }
    if (section.isMapping() && section.keys().isEmpty()) {
      section.problem("at least one objective, such as " + Defaults.anEvent(schema) + ": 1.0");
    }
    if (list.size() > MAX_OBJECTIVES) {
      section.problem(list.size() + " objectives", "at most " + MAX_OBJECTIVES);
    }
    if (!list.isEmpty() && list.stream().noneMatch(o -> o.weight() > 0)) {
      section.problem("weights without a positive one", "at least one weight above 0");
    }
    return new Objectives(list, within);
  }

  /** {@code click: 1.0} or {@code long_view: { when: watch.value >= 30, weight: 2.0 }}. */
  private Optional<Objective> objective(Section entry, String name) {
    boolean detailed = entry.isMapping();
    if (detailed) {
      entry.onlyKeys(OBJECTIVE_KEYS);
    }
    Section weightSection = detailed ? entry.get("weight") : entry;
    double weight = weightSection.number(1.0, -1e6, 1e6);
    Section when = detailed ? entry.get("when") : entry;
    if (detailed && when.isPresent()) {
      Optional<EventFilter> filter = when.expression(text -> ExpressionParser.filter(text, schema));
      if (filter.isPresent() && filter.get().type().equals(Event.IMPRESSION)) {
        when.problem("an outcome: an event type other than impression");
      }
      return filter.map(f -> new Objective(name, f, weight));
    }
    if (!schema.events().containsKey(name)) {
      entry.problem(
          name,
          "the name of an event type, or { when: CONDITION, weight: NUMBER }: "
              + NearestName.expectation(name, schema.events().keySet()));
      return Optional.empty();
    }
    return Optional.of(new Objective(name, EventFilter.ofType(name), weight));
  }

  Policy policy(Section root) {
    return new Policy(
        retrieval(root.get("retrieval")),
        reranking(root.get("reranking")),
        serving(root.get("serving")));
  }

  private Policy.Retrieval retrieval(Section section) {
    if (!section.isPresent()) {
      return Defaults.retrieval(schema);
    }
    Map<String, Integer> quotas = quotas(section);
    quotas.values().removeIf(quota -> quota == 0);
    if (quotas.isEmpty() && section.isMapping()) {
      section.problem(
          "at least one source with a quota above 0: "
              + String.join(", ", Policy.Retrieval.SOURCES));
    }
    return new Policy.Retrieval(quotas);
  }

  /** The quotas that are written, those of 0 too. */
  Map<String, Integer> quotas(Section section) {
    section.onlyKeys(Policy.Retrieval.SOURCES);
    Map<String, Integer> quotas = new LinkedHashMap<>();
    for (String source : section.keys()) {
      int quota = section.get(source).integer(0, 0, MAX_QUOTA);
      if (Policy.Retrieval.SOURCES.contains(source)) {
        quotas.put(source, quota);
      }
    }
    return quotas;
  }

  private Policy.Reranking reranking(Section section) {
    section.onlyKeys(RERANKING_KEYS);
    Map<String, Integer> caps = caps(section.get("cap"));
    List<Policy.Exclusion> exclusions = exclusions(section.get("exclude"));
    return new Policy.Reranking(
        diversity(section.get("diversity")),
        caps,
        section.get("explore").number(Defaults.EXPLORE, 0, 0.5),
        exclusions);
  }

  /** What is written of re-ranking; what is not stays as it is. */
  Experiment.RerankingChange rerankingChange(Section section) {
    section.onlyKeys(RERANKING_KEYS);
    Section diversity = section.get("diversity");
    Section cap = section.get("cap");
    Section explore = section.get("explore");
    Section exclude = section.get("exclude");
    return new Experiment.RerankingChange(
        diversity.isPresent() ? diversity(diversity) : null,
        cap.isPresent() ? caps(cap) : null,
        explore.isPresent() ? explore.number(Defaults.EXPLORE, 0, 0.5) : null,
        exclude.isPresent() ? exclusions(exclude) : null);
  }

  private Map<String, Integer> caps(Section cap) {
    Map<String, Integer> caps = new LinkedHashMap<>();
    for (String attribute : cap.keys()) {
      Section limit = cap.get(attribute);
      checkCategory(limit, attribute);
      caps.put(attribute, limit.integer(1, 1, 100));
    }
    return caps;
  }

  private List<Policy.Exclusion> exclusions(Section exclude) {
    List<Policy.Exclusion> exclusions = new ArrayList<>();
    for (Section rule : exclude.elements()) {
      rule.expression(text -> ExpressionParser.exclusion(text, schema)).ifPresent(exclusions::add);
    }
    return exclusions;
  }

  private Policy.@Nullable Diversity diversity(Section section) {
    if (!section.isPresent()) {
      return Defaults.diversity(schema);
    }
    section.onlyKeys(DIVERSITY_KEYS);
    Section by = section.get("by");
    List<String> attributes = new ArrayList<>();
    for (Section element : by.elements()) {
      element
          .text()
          .ifPresent(name -> {
            checkCategory(element, name);
            attributes.add(name);
          });
    }
    double strength = section.get("strength").number(Defaults.DIVERSITY, 0, 1);
    return new Policy.Diversity(
        by.isPresent() ? attributes : FeaturesReader.categories(schema.itemAttributes()), strength);
  }

  private void checkCategory(Section section, String attribute) {
    List<String> known = FeaturesReader.categories(schema.itemAttributes());
    if (!known.contains(attribute)) {
      section.problem(
          attribute,
          "an item attribute of type string or strings: "
              + NearestName.expectation(attribute, known));
    }
  }

  private static Policy.Serving serving(Section section) {
    section.onlyKeys(SERVING_KEYS);
    return new Policy.Serving(
        section
            .get("deadline")
            .duration(Defaults.DEADLINE, Duration.ofMillis(5), Duration.ofSeconds(10)),
        section.get("slate").integer(Defaults.SLATE, 1, 100));
  }
}
