package io.winnow.serving.http;

import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.serving.http.Route.Parameter.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The query string of a request, checked against what its route takes. */
final class QueryParameters {
  /** Most parameters; a query has to be answered for each of them. */
  static final int MAX_PARAMETERS = 128;

  private final Map<String, String> values;
  private final Map<String, List<String>> lists;

  private QueryParameters(Map<String, String> values, Map<String, List<String>> lists) {
    this.values = values;
    this.lists = lists;
  }

  /**
   * Parses a raw query string.
   *
   * @throws WinnowException with every problem: bad encoding, a parameter given twice, one that is
   *     not known, a missing one, a number that is none
   */
  static QueryParameters parse(String raw, List<Route.Parameter> declared) {
    List<Problem> problems = new ArrayList<>();
    Map<String, String> values = new LinkedHashMap<>();
    Map<String, List<String>> lists = new LinkedHashMap<>();
    String[] pairs = raw.isEmpty() ? new String[0] : raw.split("&", MAX_PARAMETERS + 1);
    if (pairs.length > MAX_PARAMETERS) {
      throw WinnowException.invalid(
          "query", "more parameters", "at most " + MAX_PARAMETERS + " parameters");
    }
    for (String pair : pairs) {
      if (!pair.isEmpty()) {
        parsePair(pair, declared, values, lists, problems);
      }
    }
    for (Route.Parameter parameter : declared) {
      if (parameter.required()
          && !values.containsKey(parameter.name())
          && !lists.containsKey(parameter.name())) {
        problems.add(new Problem(parameter.name(), "absent", parameter.description()));
      }
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    return new QueryParameters(values, lists);
  }

  private static void parsePair(
      String pair,
      List<Route.Parameter> declared,
      Map<String, String> values,
      Map<String, List<String>> lists,
      List<Problem> problems) {
    int equals = pair.indexOf('=');
    try {
      String name =
          PercentDecoder.decode("query", equals < 0 ? pair : pair.substring(0, equals), true);
      if (declared.stream().noneMatch(p -> p.covers(name))) {
        List<String> names = declared.stream().map(Route.Parameter::name).toList();
        problems.add(
            new Problem(
                name, "unknown parameter", Nearest.expectation("query parameter", name, names)));
        return;
      }
      String value =
          PercentDecoder.decode(name, equals < 0 ? "" : pair.substring(equals + 1), true);
      if (declared.stream().anyMatch(p -> p.kind() == Kind.TEXTS && p.covers(name))) {
        lists.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
      } else if (values.putIfAbsent(name, value) != null) {
        problems.add(new Problem(name, value, "given once"));
      }
    } catch (WinnowException e) {
      problems.addAll(e.problems());
    }
  }

  /** A parameter's text; null if absent. */
  @Nullable String text(String name) {
    return values.get(name);
  }

  /** A parameter's text, or another. */
  String text(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  /**
   * A whole number.
   *
   * @throws WinnowException if it is none or out of bounds, both of which are included
   */
  int integer(String name, int otherwise, int min, int max) {
    String text = values.get(name);
    if (text == null) {
      return otherwise;
    }
    int value = min - 1;
    if (text.matches("-?[0-9]{1,9}")) {
      value = Integer.parseInt(text);
    }
    if (value < min || value > max) {
      throw WinnowException.invalid(name, text, "a whole number, " + min + " to " + max);
    }
    return value;
  }

  /** The parts of a comma-separated list, without empty ones. */
  List<String> list(String name) {
    return Arrays.stream(text(name, "").split(",", -1)).filter(s -> !s.isEmpty()).toList();
  }

  /** The values of a parameter that may be given several times, in their order. */
  List<String> texts(String name) {
    return List.copyOf(lists.getOrDefault(name, List.of()));
  }

  /** The parameters of a family such as {@code context.}, by the rest of their names. */
  Map<String, String> family(String prefix) {
    Map<String, String> family = new LinkedHashMap<>();
    values.forEach((name, value) -> {
      if (name.startsWith(prefix)) {
        family.put(name.substring(prefix.length()), value);
      }
    });
    return family;
  }
}
