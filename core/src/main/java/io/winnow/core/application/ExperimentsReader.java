package io.winnow.core.application;

import io.winnow.core.Exposure;
import io.winnow.core.Ids;
import io.winnow.core.application.Experiment.Arm;
import io.winnow.core.application.Experiment.Condition;
import io.winnow.core.application.Experiment.Design;
import io.winnow.core.application.Experiment.Field;
import io.winnow.core.application.Experiment.Goals;
import io.winnow.core.application.Experiment.Looks;
import io.winnow.core.application.Experiment.Plan;
import io.winnow.core.application.Experiment.Population;
import io.winnow.core.application.Experiment.Range;
import io.winnow.core.application.Experiment.Settings;
import io.winnow.core.application.Experiment.Unit;
import io.winnow.core.application.Metric.Better;
import io.winnow.core.application.Metric.Definition;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@code metrics}, {@code experiments}, {@code holdout} and {@code testers}. */
final class ExperimentsReader {
  static final List<String> METRIC_KEYS = List.of("is", "better");
  static final List<String> EXPERIMENT_KEYS =
      List.of(
          "run",
          "unit",
          "layer",
          "share",
          "traffic",
          "when",
          "unless",
          "from",
          "until",
          "design",
          "bandit",
          "arms",
          "primary",
          "secondary",
          "guardrails",
          "segments",
          "looks",
          "duration",
          "alpha",
          "power",
          "minimum_effect",
          "before");
  static final List<String> BANDIT_KEYS = List.of("metric", "period", "floor");
  static final List<String> ARM_KEYS =
      List.of("weight", "release", "objectives", "retrieval", "reranking");
  static final List<String> DESIGNS = List.of("split", "interleaving", "bandit");

  static final int MAX_METRICS = 100;
  static final int MAX_EXPERIMENTS = 100;
  static final int MAX_ARMS = 20;
  static final int MAX_SEGMENTS = 10;
  static final int MAX_VALUES = 1000;
  static final int MAX_TESTERS = 1000;

  /** Impressions name the arms of all experiments that a request is in, in so many bytes. */
  static final int MAX_LABEL = Ids.MAX_BYTES;

  /** A path of the API beside those of experiments. */
  private static final String ASSIGNMENTS = "assignments";

  /** What stands in the place of an arm in what is logged. */
  private static final List<String> RESERVED_ARMS =
      List.of(Experiment.DEFAULT_ARM, Exposure.INTERLEAVED, Experiment.SHARED_ARM);

  private static final int DEFAULT_LOOKS = 14;
  private static final Duration DEFAULT_DURATION = Duration.ofDays(14);

  private final Schema schema;
  private final Objectives objectives;
  private final PolicyReader policies;

  ExperimentsReader(Schema schema, Objectives objectives, PolicyReader policies) {
    this.schema = schema;
    this.objectives = objectives;
    this.policies = policies;
  }

  Experiments read(Section root) {
    List<Metric> metrics = metrics(root.get("metrics"));
    Section section = root.get("experiments");
    List<Experiment> list = new ArrayList<>();
    for (String name : section.keys()) {
      list.add(experiment(section.get(name), name, metrics));
    }
    if (list.size() > MAX_EXPERIMENTS) {
      section.problem(list.size() + " experiments", "at most " + MAX_EXPERIMENTS);
    }
    checkLayers(section, list);
    return new Experiments(
        metrics, list, root.get("holdout").number(0, 0, 0.5), testers(root.get("testers"), list));
  }

  private List<Metric> metrics(Section section) {
    if (!section.isPresent()) {
      return Defaults.metrics(schema);
    }
    List<Metric> metrics = new ArrayList<>();
    for (String name : section.keys()) {
      Section entry = section.get(name);
      SchemaReader.checkName(entry, name);
      boolean detailed = entry.isMapping();
      if (detailed) {
        entry.onlyKeys(METRIC_KEYS);
      }
      Section better = entry.get("better");
      Optional<Better> way =
          better.isPresent() ? better.oneOf(List.of(Better.values())) : Optional.empty();
      Section text = detailed ? entry.get("is") : entry;
      text.expression(expression -> MetricParser.definition(expression, schema))
          .ifPresent(definition ->
              metrics.add(new Metric(name, definition, way.orElse(Better.usually(definition)))));
    }
    if (metrics.size() > MAX_METRICS) {
      section.problem(metrics.size() + " metrics", "at most " + MAX_METRICS);
    }
    return metrics;
  }

  private Experiment experiment(Section section, String name, List<Metric> metrics) {
    section.onlyKeys(EXPERIMENT_KEYS);
    SchemaReader.checkName(section, name);
    if (name.equals(Experiments.HOLDOUT)) {
      section.problem(name, "another name: the holdout is analysed under this one");
    }
    if (name.equals(ASSIGNMENTS)) {
      section.problem(name, "another name: the API has assignments under this one");
    }
    Design design = design(section, metrics);
    List<Arm> arms = arms(section.get("arms"));
    if (design instanceof Design.Interleaving && arms.size() != 2) {
      section.get("arms").problem(arms.size() + " arms", "2 arms, whose slates are interleaved");
    }
    if (design instanceof Design.Bandit bandit && bandit.floor() * arms.size() > 1) {
      section.get("bandit").get("floor").problem("at most 1 by the number of arms, " + arms.size());
    }
    return new Experiment(
        name,
        section.get("run").integer(1, 1, 1_000_000),
        population(section, name),
        design,
        arms,
        goals(section, metrics),
        plan(section));
  }

  private Population population(Section section, String name) {
    Section unit = section.get("unit");
    Section layer = section.get("layer");
    String layerName = layer.text(name);
    SchemaReader.checkName(layer, layerName);
    List<Condition> when = new ArrayList<>(conditions(section.get("when"), false));
    when.addAll(conditions(section.get("unless"), true));
    Instant from = instant(section.get("from"));
    Instant until = instant(section.get("until"));
    if (from != null && until != null && !until.isAfter(from)) {
      section.get("until").problem("a time after from, " + from);
    }
    return new Population(
        unit.isPresent() ? unit.oneOf(List.of(Unit.values())).orElse(Unit.USER) : Unit.USER,
        layerName,
        range(section.get("share")),
        section.get("traffic").number(1, 0, 1),
        when,
        from,
        until);
  }

  /** {@code 0.5} for the first half, or {@code [0.5, 1]}. */
  private static Range range(Section section) {
    if (!section.isPresent()) {
      return Range.ALL;
    }
    if (!section.isList()) {
      return new Range(0, section.number(1, 0, 1));
    }
    List<Section> bounds = section.elements();
    if (bounds.size() != 2) {
      section.problem("two numbers: where its part of the layer begins and ends");
      return Range.ALL;
    }
    double from = bounds.getFirst().number(0, 0, 1);
    double to = bounds.getLast().number(1, 0, 1);
    if (to <= from) {
      section.problem("an end above the beginning");
    }
    return new Range(from, to);
  }

  private List<Condition> conditions(Section section, boolean negated) {
    List<Condition> conditions = new ArrayList<>();
    for (String key : section.keys()) {
      Section values = section.get(key);
      Set<String> set = new LinkedHashSet<>(values.texts());
      if (set.isEmpty() || set.size() > MAX_VALUES) {
        values.problem(set.size() + " values", "1 to " + MAX_VALUES + " values");
      }
      field(values, key, false)
          .ifPresent(field -> conditions.add(new Condition(field, set, negated)));
    }
    return conditions;
  }

  private Optional<Field> field(Section section, String text, boolean segment) {
    List<String> users = FeaturesReader.categories(schema.userAttributes());
    if (text.equals("surface")) {
      return Optional.of(new Field.Surface());
    }
    if (text.equals("new_users") && segment) {
      return Optional.of(new Field.NewUsers());
    }
    if (text.startsWith("context.") && text.length() > "context.".length()) {
      return Optional.of(new Field.Context(text.substring("context.".length())));
    }
    if (text.startsWith("user.") && users.contains(text.substring("user.".length()))) {
      return Optional.of(new Field.User(text.substring("user.".length())));
    }
    List<String> known = new ArrayList<>(List.of("surface", "context.FIELD"));
    if (segment) {
      known.add("new_users");
    }
    users.forEach(user -> known.add("user." + user));
    section.problem(text, NearestName.expectation(text, known));
    return Optional.empty();
  }

  /** {@code 2026-12-01} (midnight, UTC) or {@code 2026-12-01T08:00:00Z}. */
  private static @Nullable Instant instant(Section section) {
    if (!section.isPresent()) {
      return null;
    }
    String text = section.text().orElse("");
    try {
      return text.contains("T")
          ? Instant.parse(text)
          : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
    } catch (DateTimeParseException e) {
      section.problem("a date such as 2026-12-01, or a time such as 2026-12-01T08:00:00Z");
      return null;
    }
  }

  private Design design(Section section, List<Metric> metrics) {
    Section kind = section.get("design");
    String text = kind.text("split");
    Section bandit = section.get("bandit").onlyKeys(BANDIT_KEYS);
    if (bandit.isPresent() && !text.equals("bandit")) {
      bandit.problem("settings of a bandit", "design: bandit");
    }
    return switch (text) {
      case "split" -> new Design.Split();
      case "interleaving" -> {
        if (section.get("unit").text("user").equals("session")) {
          section.get("unit").problem("user: every slate is interleaved");
        }
        yield new Design.Interleaving();
      }
      case "bandit" -> {
        Section metric = bandit.get("metric");
        Metric decides = metric(metric, metrics);
        if (decides != null
            && !(decides.definition() instanceof Definition.Ratio
                || decides.definition() instanceof Definition.Mean
                || decides.definition() instanceof Definition.Conversion)) {
          metric.problem("a metric that is a ratio, a mean or a conversion");
        }
        Duration period =
            bandit
                .get("period")
                .duration(Duration.ofDays(1), Duration.ofMinutes(1), Duration.ofDays(30));
        if (decides != null
            && decides.definition() instanceof Definition.Conversion(var _, Duration within)
            && within.compareTo(period) > 0) {
          metric.problem(
              "a conversion within at most the bandit's period, "
                  + period
                  + ": units are drawn anew");
        }
        yield new Design.Bandit(
            decides == null ? "" : decides.name(),
            period,
            bandit.get("floor").number(0.05, 0.001, 0.5));
      }
      default -> {
        kind.problem(NearestName.expectation(text, DESIGNS));
        yield new Design.Split();
      }
    };
  }

  private static @Nullable Metric metric(Section section, List<Metric> metrics) {
    String name = section.text().orElse("");
    for (Metric metric : metrics) {
      if (metric.name().equals(name)) {
        return metric;
      }
    }
    if (!name.isEmpty()) {
      section.problem(
          "a metric: "
              + NearestName.expectation(name, metrics.stream().map(Metric::name).toList()));
    }
    return null;
  }

  private List<Arm> arms(Section section) {
    List<Arm> arms = new ArrayList<>();
    for (String name : section.keys()) {
      Section entry = section.get(name).onlyKeys(ARM_KEYS);
      SchemaReader.checkName(entry, name);
      if (RESERVED_ARMS.contains(name)) {
        entry.problem(
            name, "another name: what no single arm gives is logged as " + text(RESERVED_ARMS));
      }
      arms.add(new Arm(name, entry.get("weight").number(1, 1e-6, 1e6), settings(entry)));
    }
    if (arms.size() < 2 || arms.size() > MAX_ARMS) {
      section.problem(
          arms.size() + " arms",
          "2 to " + MAX_ARMS + " arms, the control first, such as { control: {}, treatment: {} }");
    }
    return arms;
  }

  private Settings settings(Section arm) {
    Section release = arm.get("release");
    Map<String, Double> weights = new LinkedHashMap<>();
    Section objective = arm.get("objectives");
    List<String> known = objectives.list().stream().map(Objectives.Objective::name).toList();
    for (String name : objective.keys()) {
      Section weight = objective.get(name);
      if (!known.contains(name)) {
        weight.problem(name, "an objective: " + NearestName.expectation(name, known));
      }
      weights.put(name, weight.number(1, -1e6, 1e6));
    }
    return new Settings(
        release.isPresent() ? release.text().orElse(null) : null,
        policies.quotas(arm.get("retrieval")),
        weights,
        policies.rerankingChange(arm.get("reranking")));
  }

  private Goals goals(Section section, List<Metric> metrics) {
    Section primary = section.get("primary");
    Metric first =
        primary.isPresent() || metrics.isEmpty() ? metric(primary, metrics) : metrics.getFirst();
    Set<String> secondary = new LinkedHashSet<>();
    for (Section element : section.get("secondary").elements()) {
      Metric metric = metric(element, metrics);
      if (metric != null && !metric.equals(first)) {
        secondary.add(metric.name());
      }
    }
    Map<String, Double> guardrails = new LinkedHashMap<>();
    Section rails = section.get("guardrails");
    for (String name : rails.keys()) {
      Section margin = rails.get(name);
      if (metrics.stream().noneMatch(metric -> metric.name().equals(name))) {
        margin.problem(
            name,
            "a metric: "
                + NearestName.expectation(name, metrics.stream().map(Metric::name).toList()));
      }
      guardrails.put(name, margin.number(0.01, 0, 1));
    }
    List<Field> segments = new ArrayList<>();
    for (Section element : section.get("segments").elements()) {
      element
          .text()
          .flatMap(text -> field(element, text, true))
          .filter(field -> !segments.contains(field))
          .ifPresent(segments::add);
    }
    if (segments.size() > MAX_SEGMENTS) {
      section.get("segments").problem(segments.size() + " segments", "at most " + MAX_SEGMENTS);
    }
    return new Goals(
        first == null ? "" : first.name(), List.copyOf(secondary), guardrails, segments);
  }

  private static Plan plan(Section section) {
    Section looks = section.get("looks");
    boolean always = looks.isScalar() && looks.text("").equals("always");
    return new Plan(
        always ? new Looks.Always() : new Looks.Planned(looks.integer(DEFAULT_LOOKS, 1, 1000)),
        section
            .get("duration")
            .duration(DEFAULT_DURATION, Duration.ofHours(1), Duration.ofDays(400)),
        section.get("alpha").number(0.05, 1e-6, 0.5),
        section.get("power").number(0.8, 0.01, 0.999),
        section.get("minimum_effect").number(0.02, 1e-6, 10),
        section.get("before").duration(DEFAULT_DURATION, Duration.ZERO, Duration.ofDays(400)));
  }

  private static void checkLayers(Section section, List<Experiment> list) {
    for (int i = 0; i < list.size(); i++) {
      Population one = list.get(i).population();
      for (Experiment later : list.subList(i + 1, list.size())) {
        Population other = later.population();
        boolean sameLayer = one.layer().equals(other.layer());
        if (sameLayer && one.share().overlaps(other.share())) {
          section
              .get(later.name())
              .get("share")
              .problem(
                  text(other.share()),
                  "a part of layer %s that %s does not have: it has %s"
                      .formatted(one.layer(), list.get(i).name(), text(one.share())));
        }
        if (sameLayer && one.unit() != other.unit()) {
          section
              .get(later.name())
              .get("unit")
              .problem(
                  other.unit().name().toLowerCase(Locale.ROOT),
                  "the unit of the other experiments of layer " + one.layer());
        }
      }
    }
    // One experiment of each layer at most: their labels have to fit together.
    Map<String, Integer> longest = new LinkedHashMap<>();
    for (Experiment experiment : list) {
      longest.merge(experiment.population().layer(), labelLength(experiment), Math::max);
    }
    int sum = longest.values().stream().mapToInt(Integer::intValue).sum();
    if (sum > MAX_LABEL) {
      section.problem(
          "names of %d characters in %d layers".formatted(sum, longest.size()),
          "shorter names, or fewer layers: a request's experiments and arms must fit into "
              + MAX_LABEL
              + " characters");
    }
    checkReleases(section, list);
  }

  /** Of {@code experiment=arm;} with the longest arm, or with what stands for one. */
  private static int labelLength(Experiment experiment) {
    Stream<String> arms = experiment.arms().stream().map(Arm::name);
    Stream<String> others =
        experiment.design() instanceof Design.Interleaving
            ? RESERVED_ARMS.stream()
            : Stream.empty();
    return experiment.name().length()
        + Stream.concat(arms, others).mapToInt(String::length).max().orElse(0)
        + 2;
  }

  /**
   * A request is answered by one release, so two experiments that overlap cannot both choose it.
   */
  private static void checkReleases(Section section, List<Experiment> list) {
    List<Experiment> choosing =
        list.stream()
            .filter(e -> e.arms().stream().anyMatch(arm -> arm.settings().release() != null))
            .toList();
    for (Experiment later : choosing) {
      Experiment first = choosing.getFirst();
      if (!later.population().layer().equals(first.population().layer())) {
        section
            .get(later.name())
            .get("layer")
            .problem(
                later.population().layer(),
                "%s, the layer of %s: both choose a release"
                    .formatted(first.population().layer(), first.name()));
      }
    }
    List<Experiment> interleaving =
        list.stream().filter(e -> e.design() instanceof Design.Interleaving).toList();
    for (Experiment later : interleaving) {
      String layer = interleaving.getFirst().population().layer();
      if (!later.population().layer().equals(layer)) {
        section
            .get(later.name())
            .get("layer")
            .problem(
                later.population().layer(),
                "%s, the layer of %s: a slate is interleaved once"
                    .formatted(layer, interleaving.getFirst().name()));
      }
    }
  }

  private static String text(List<String> names) {
    return String.join(", ", names.subList(0, names.size() - 1)) + " or " + names.getLast();
  }

  private static String text(Range range) {
    return "["
        + DefinitionText.number(range.from())
        + ", "
        + DefinitionText.number(range.to())
        + "]";
  }

  private static Map<String, Map<String, String>> testers(Section section, List<Experiment> list) {
    Map<String, Map<String, String>> testers = new LinkedHashMap<>();
    Map<String, Experiment> byName =
        list.stream()
            .collect(Collectors.toMap(Experiment::name, e -> e, (a, _) -> a, LinkedHashMap::new));
    for (String user : section.keys()) {
      Map<String, String> arms = new LinkedHashMap<>();
      Section entry = section.get(user);
      for (String name : entry.keys()) {
        Section place = entry.get(name);
        Experiment experiment = byName.get(name);
        if (experiment == null) {
          place.problem(name, "an experiment: " + NearestName.expectation(name, byName.keySet()));
          continue;
        }
        String arm = place.text().orElse("");
        List<String> known = experiment.arms().stream().map(Arm::name).toList();
        if (!known.contains(arm)) {
          place.problem("an arm: " + NearestName.expectation(arm, known));
        }
        for (String other : arms.keySet()) {
          String layer = Objects.requireNonNull(byName.get(other)).population().layer();
          if (layer.equals(experiment.population().layer())) {
            place.problem(
                name, "one experiment of layer %s: %s is named too".formatted(layer, other));
          }
        }
        arms.put(name, arm);
      }
      testers.put(user, arms);
    }
    if (testers.size() > MAX_TESTERS) {
      section.problem(testers.size() + " testers", "at most " + MAX_TESTERS);
    }
    return testers;
  }
}
