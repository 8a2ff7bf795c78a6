package io.winnow.core.application;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Lets environment variables replace single values of the file.
 *
 * <p>The rule: {@code WINNOW_} and the path of the value in capitals, with {@code _} for every
 * character that is neither letter nor digit. {@code WINNOW_SERVING_DEADLINE=40ms} sets {@code
 * serving.deadline}, {@code WINNOW_RETRIEVAL_TWO_TOWER=0} sets {@code retrieval.two_tower}, {@code
 * WINNOW_ENGINES_LOG=kafka://broker:9092/events} sets {@code engines.log}. What can be replaced are
 * single values under {@link #SECTIONS} that the file holds, and those in {@link #PATHS} whether it
 * holds them or not. A variable that begins like one of the sections and names no such value is a
 * problem; other variables, such as {@code WINNOW_JAVA_OPTS}, are not ours.
 */
final class EnvironmentOverrides {
  static final String PREFIX = "WINNOW_";

  static final List<String> SECTIONS =
      List.of(
          "objectives",
          "retrieval",
          "reranking",
          "serving",
          "retraining",
          "rollout",
          "jobs",
          "feature_store",
          "engines");

  private static final List<List<String>> PATHS = paths();

  private EnvironmentOverrides() {}

  private static List<List<String>> paths() {
    List<List<String>> paths = new ArrayList<>();
    paths.add(List.of("repeats"));
    paths.add(List.of("outcome_window"));
    paths.add(List.of("serving", "deadline"));
    paths.add(List.of("serving", "slate"));
    paths.add(List.of("reranking", "explore"));
    paths.add(List.of("reranking", "diversity", "strength"));
    paths.add(List.of("retraining", "cadence"));
    paths.add(List.of("retraining", "full"));
    paths.add(List.of("jobs", "batch"));
    paths.add(List.of("jobs", "compaction"));
    paths.add(List.of("holdout"));
    paths.add(List.of("feature_store", "audit", "sample"));
    paths.add(List.of("feature_store", "audit", "max_mismatches"));
    EnginesReader.KEYS.forEach(role -> paths.add(List.of("engines", role)));
    for (String source : Policy.Retrieval.SOURCES) {
      paths.add(List.of("retrieval", source));
    }
    return paths;
  }

  /** The tree with the replaced values; the given one is left as it is. */
  static YamlNode apply(YamlNode root, Map<String, String> environment, Problems problems) {
    if (!(root instanceof YamlNode.Mapping mapping)) {
      return root;
    }
    Map<String, List<String>> known = new TreeMap<>();
    PATHS.forEach(path -> known.put(variable(path), path));
    for (String section : SECTIONS) {
      collect(mapping.entries().get(section), List.of(section), known);
    }
    YamlNode.Mapping result = mapping;
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      String name = variable.getKey();
      List<String> path = known.get(name);
      if (path != null) {
        result =
            replace(result, path, new YamlNode.Scalar(variable.getValue(), "environment " + name));
      } else if (SECTIONS.stream().anyMatch(s -> name.startsWith(variable(List.of(s)) + "_"))) {
        problems.add(
            name,
            Credentials.maskAddress(variable.getValue()),
            NearestName.expectation(name, known.keySet()),
            "environment");
      }
    }
    return result;
  }

  private static String variable(List<String> path) {
    return PREFIX + String.join("_", path).toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  private static void collect(
      @Nullable YamlNode node, List<String> path, Map<String, List<String>> known) {
    switch (node) {
      case YamlNode.Scalar _ -> known.putIfAbsent(variable(path), path);
      case YamlNode.Mapping mapping ->
          mapping.entries().forEach((key, child) -> collect(child, append(path, key), known));
      case YamlNode.Empty _, YamlNode.Sequence _ -> {}
      case null -> {}
    }
  }

  private static List<String> append(List<String> path, String key) {
    List<String> longer = new ArrayList<>(path);
    longer.add(key);
    return longer;
  }

  private static YamlNode.Mapping replace(
      YamlNode.Mapping mapping, List<String> path, YamlNode.Scalar value) {
    Map<String, YamlNode> entries = new LinkedHashMap<>(mapping.entries());
    String key = path.getFirst();
    if (path.size() == 1) {
      entries.put(key, value);
    } else {
      YamlNode.Mapping child =
          entries.get(key) instanceof YamlNode.Mapping existing
              ? existing
              : new YamlNode.Mapping(Map.of(), value.location());
      entries.put(key, replace(child, path.subList(1, path.size()), value));
    }
    return new YamlNode.Mapping(entries, mapping.location());
  }
}
