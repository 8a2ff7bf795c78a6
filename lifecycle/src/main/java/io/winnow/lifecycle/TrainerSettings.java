package io.winnow.lifecycle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.SettingsText;
import io.winnow.core.application.SettingsText.Value;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A {@link TrainerConfig} as a text that people read and write: YAML, a section for each part, in
 * the order of the records. What a text leaves out keeps its default.
 *
 * <pre>
 * encoder:
 *   training:
 *     learning_rate: 0.003
 * linear:
 *   ease:
 *     lambda: 250
 * </pre>
 *
 * <p>What is set for {@code encoder} holds for {@code encoder_refit} too, except for how long it
 * learns, unless the text sets that as well.
 *
 * <p>Seed and threads are not settings: the command line has them. The paths are those of the
 * records' components, so a new component is a new setting without a line here.
 */
public final class TrainerSettings {
  private static final String INFINITE = "infinite";
  private static final String ENCODER = "encoder.";
  private static final String REFIT = "encoder_refit.";

  /** What makes going on shorter than beginning. */
  private static final List<String> LIMITS =
      List.of("encoder.training.epochs", "encoder.training.max_seconds");

  private static final List<String> NOT_SETTINGS = List.of("seed", "threads");
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private TrainerSettings() {}

  /** Every setting's text by its path, such as {@code encoder.training.epochs}. */
  public static Map<String, String> values(TrainerConfig config) {
    Map<String, String> values = new LinkedHashMap<>();
    collect("", tree(config), values);
    return values;
  }

  private static ObjectNode tree(TrainerConfig config) {
    ObjectNode tree = JSON.valueToTree(config);
    tree.remove(NOT_SETTINGS);
    return tree;
  }

  private static void collect(String path, JsonNode node, Map<String, String> values) {
    node.properties()
        .forEach(entry -> {
          String child = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
          JsonNode value = entry.getValue();
          if (value.isObject()) {
            collect(child, value, values);
          } else {
            values.put(child, text(value));
          }
        });
  }

  private static String text(JsonNode value) {
    if (value.isFloatingPointNumber()) {
      double number = value.doubleValue();
      return Double.isInfinite(number)
          ? INFINITE
          : new BigDecimal(Double.toString(number)).stripTrailingZeros().toPlainString();
    }
    return value.asText();
  }

  /** All settings as YAML, which {@link #parse} reads back. */
  public static String text(TrainerConfig config) {
    return text(values(config));
  }

  /** Some settings as YAML, which {@link #parse} reads back. */
  public static String text(Map<String, String> values) {
    StringBuilder text = new StringBuilder();
    List<String> open = List.of();
    for (Map.Entry<String, String> setting : values.entrySet()) {
      List<String> names = List.of(setting.getKey().split("\\.", -1));
      List<String> sections = names.subList(0, names.size() - 1);
      int shared = 0;
      while (shared < Math.min(open.size(), sections.size())
          && open.get(shared).equals(sections.get(shared))) {
        shared++;
      }
      for (int depth = shared; depth < sections.size(); depth++) {
        text.append("  ".repeat(depth)).append(sections.get(depth)).append(":\n");
      }
      text.append("  ".repeat(sections.size()))
          .append(names.getLast())
          .append(": ")
          .append(setting.getValue())
          .append('\n');
      open = sections;
    }
    return text.toString();
  }

  /**
   * Reads a settings file over a configuration.
   *
   * @param base gives what the file leaves out
   * @throws WinnowException as {@link #parse}, or {@code NOT_FOUND}
   */
  public static TrainerConfig read(Path file, TrainerConfig base) {
    try {
      return parse(Files.readString(file, StandardCharsets.UTF_8), file.toString(), base);
    } catch (NoSuchFileException e) {
      throw new WinnowException(ErrorCode.NOT_FOUND, file + ": no such file", e);
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads settings over a configuration.
   *
   * @param sourceName names the text in problems
   * @throws WinnowException with {@code INVALID_ARGUMENT} and every problem: unknown settings,
   *     values of another type or outside their range
   */
  public static TrainerConfig parse(String text, String sourceName, TrainerConfig base) {
    return with(SettingsText.parse(text, sourceName), base);
  }

  /**
   * A configuration with some settings replaced.
   *
   * @param changes texts by path
   * @throws WinnowException as {@link #parse}
   */
  public static TrainerConfig with(TrainerConfig base, Map<String, String> changes) {
    Map<String, Value> values = new LinkedHashMap<>();
    changes.forEach((path, text) -> values.put(path, new Value(text, "")));
    return with(values, base);
  }

  private static TrainerConfig with(Map<String, Value> given, TrainerConfig base) {
    ObjectNode tree = JSON.valueToTree(base);
    Map<String, String> known = values(base);
    Map<String, Value> changes = withRefit(given, known);
    List<Problem> problems = new ArrayList<>();
    changes.forEach((path, value) -> {
      if (known.containsKey(path)) {
        set(tree, path, value, problems);
      } else {
        problems.add(unknown(path, value, known));
      }
    });
    TrainerConfig result = null;
    try {
      result = JSON.treeToValue(tree, TrainerConfig.class);
    } catch (JsonProcessingException e) {
      problems.addAll(outOfRange(e, changes));
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    return Objects.requireNonNull(result);
  }

  /**
   * An encoder goes on learning with the settings that it began with, unless a text says otherwise;
   * only how long it does is a setting of its own.
   */
  private static Map<String, Value> withRefit(Map<String, Value> given, Map<String, String> known) {
    Map<String, Value> changes = new LinkedHashMap<>(given);
    given.forEach((path, value) -> {
      String refit = REFIT + path.substring(Math.min(path.length(), ENCODER.length()));
      if (path.startsWith(ENCODER) && known.containsKey(refit) && !LIMITS.contains(path)) {
        changes.putIfAbsent(refit, value);
      }
    });
    return changes;
  }

  private static Problem unknown(String path, Value value, Map<String, String> known) {
    String section = path;
    List<String> inside = List.of();
    while (inside.isEmpty() && !section.isEmpty()) {
      section = section.contains(".") ? section.substring(0, section.lastIndexOf('.')) : "";
      String prefix = section.isEmpty() ? "" : section + ".";
      inside =
          known.keySet().stream()
              .filter(name -> name.startsWith(prefix))
              .map(name -> name.substring(prefix.length()).replaceAll("\\..*", ""))
              .distinct()
              .toList();
    }
    String name =
        path.substring(section.isEmpty() ? 0 : section.length() + 1).replaceAll("\\..*", "");
    return new Problem(
        path, "unknown setting", Nearest.expectation("setting", name, inside), value.location());
  }

  private static void set(ObjectNode tree, String path, Value value, List<Problem> problems) {
    ObjectNode section = tree;
    String[] names = path.split("\\.", -1);
    for (int i = 0; i < names.length - 1; i++) {
      section = (ObjectNode) section.get(names[i]);
    }
    String name = names[names.length - 1];
    JsonNode old = Objects.requireNonNull(section.get(name));
    String text = value.text();
    if (old.isBoolean()) {
      if (text.equals("true") || text.equals("false")) {
        section.put(name, text.equals("true"));
      } else {
        problems.add(new Problem(path, text, "true or false", value.location()));
      }
    } else if (old.isIntegralNumber()) {
      if (text.matches("-?\\d{1,9}")) {
        section.put(name, Integer.parseInt(text));
      } else {
        problems.add(new Problem(path, text, "a whole number", value.location()));
      }
    } else if (old.isNumber()) {
      Double number = number(text);
      if (number != null) {
        section.put(name, number);
      } else {
        problems.add(new Problem(path, text, "a number, or " + INFINITE, value.location()));
      }
    } else {
      section.put(name, text);
    }
  }

  private static @Nullable Double number(String text) {
    if (text.equals(INFINITE)) {
      return Double.POSITIVE_INFINITY;
    }
    return text.matches("[-+]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][-+]?\\d{1,3})?")
        ? Double.valueOf(text)
        : null;
  }

  /** The records refuse what is outside their ranges; here are the paths and lines to that. */
  private static List<Problem> outOfRange(JsonProcessingException e, Map<String, Value> changes) {
    String section = "";
    if (e instanceof JsonMappingException mapping) {
      section =
          mapping.getPath().stream()
              .map(reference -> reference.getFieldName() + ".")
              .collect(Collectors.joining());
    }
    List<Problem> refused =
        e.getCause() instanceof WinnowException cause ? cause.problems() : List.of();
    if (refused.isEmpty()) {
      return List.of(
          new Problem(
              section.isEmpty() ? "settings" : section.substring(0, section.length() - 1),
              String.valueOf(e.getOriginalMessage()),
              "a value that the setting can have"));
    }
    List<Problem> problems = new ArrayList<>();
    for (Problem problem : refused) {
      String path = section + snakeCase(problem.field());
      Value value = changes.get(path);
      problems.add(
          new Problem(
              path, problem.value(), problem.expectation(), value == null ? "" : value.location()));
    }
    return problems;
  }

  private static String snakeCase(String name) {
    return new PropertyNamingStrategies.SnakeCaseStrategy().translate(name);
  }
}
