package io.winnow.core.application;

import io.winnow.core.application.Lexer.Kind;
import io.winnow.core.application.Lexer.Token;
import io.winnow.core.application.Metric.Against;
import io.winnow.core.application.Metric.Definition;
import io.winnow.core.application.Metric.ItemGroup;
import io.winnow.core.application.Metric.Measure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the definitions of metrics by recursive descent.
 *
 * <pre>{@code
 * metric  = "ratio" "(" measure "," measure ")"
 *         | "mean" "(" measure ")" [ "cap" NUMBER ]
 *         | "conversion" "(" filter ")" "within" DURATION
 *         | "retention" "(" DURATION "," DURATION ")"
 *         | "quantile" "(" NUMBER "," values ")"
 *         | "exposure" "(" ( "new" "," DURATION | ATTRIBUTE "," ( NAME | NUMBER ) ) ")"
 *         | ( "gini" | "coverage" ) "(" ( "item" | ATTRIBUTE ) ")"
 *         | "disparity" "(" ATTRIBUTE "," ( "catalogue" | "merit" ) ")"
 * measure = "slates" | "worth" | filter | values
 * }</pre>
 *
 * <p>The definitions' {@code toString} writes what this reads.
 */
final class MetricParser extends ExpressionReader {
  static final List<String> FUNCTIONS =
      List.of(
          "ratio",
          "mean",
          "conversion",
          "retention",
          "quantile",
          "exposure",
          "gini",
          "coverage",
          "disparity");

  private static final Duration MIN = Duration.ofMinutes(1);
  private static final Duration MAX = Duration.ofDays(400);

  private MetricParser(String text, Schema schema) {
    super(text, schema);
  }

  /** Reads a definition. */
  static Definition definition(String text, Schema schema) {
    MetricParser parser = new MetricParser(text, schema);
    Definition definition = parser.definition();
    parser.end();
    return definition;
  }

  private Definition definition() {
    Token function = take(Kind.NAME, "a metric such as ratio(" + anEvent() + ", slates)");
    expect("(");
    return switch (function.text()) {
      case "ratio" -> {
        Measure numerator = measure();
        expect(",");
        Measure denominator = measure();
        expect(")");
        yield new Definition.Ratio(numerator, denominator);
      }
      case "mean" -> mean();
      case "conversion" -> {
        EventFilter to = filter();
        expect(")");
        expect("within");
        yield new Definition.Conversion(to, duration("a window such as 7d", MIN, MAX));
      }
      case "retention" -> retention();
      case "quantile" -> {
        Token place = peek();
        double share = number(0, 1);
        if (share == 0 || share == 1) {
          throw error(place, "a share between 0 and 1");
        }
        expect(",");
        EventFilter of = values();
        expect(")");
        yield new Definition.Quantile(share, of);
      }
      case "exposure" -> exposure();
      case "gini" -> new Definition.Gini(itemOrAttribute());
      case "coverage" -> new Definition.Coverage(itemOrAttribute());
      case "disparity" -> {
        String attribute = attribute();
        expect(",");
        Against against = against();
        expect(")");
        yield new Definition.Disparity(attribute, against);
      }
      default -> throw error(function, NearestName.expectation(function.text(), FUNCTIONS));
    };
  }

  private Definition mean() {
    Measure of = measure();
    expect(")");
    double cap = Double.POSITIVE_INFINITY;
    if (peek().is("cap")) {
      skip();
      Token place = peek();
      cap = number(0, 1e15);
      if (cap == 0) {
        throw error(place, "a cap above 0");
      }
    }
    return new Definition.Mean(of, cap);
  }

  private Definition retention() {
    Duration from = duration("a time after the first exposure such as 7d", MIN, MAX);
    expect(",");
    Token place = peek();
    Duration to = duration("a time after the first exposure such as 14d", MIN, MAX);
    if (to.compareTo(from) <= 0) {
      throw error(place, "more than " + Durations.format(from));
    }
    expect(")");
    return new Definition.Retention(from, to);
  }

  private Definition exposure() {
    ItemGroup group;
    if (peek().is("new") && !categories().contains("new")) {
      skip();
      expect(",");
      group = new ItemGroup.NoOlderThan(duration("an age such as 7d", MIN, MAX));
    } else {
      String attribute = attribute();
      expect(",");
      Token value = peek();
      if (value.kind() != Kind.NAME && value.kind() != Kind.NUMBER) {
        throw error(value, "a value of " + attribute);
      }
      skip();
      group = new ItemGroup.WithValue(attribute, value.text());
    }
    expect(")");
    return new Definition.ExposureShare(group);
  }

  private @Nullable String itemOrAttribute() {
    String attribute = null;
    if (peek().is("item") && !categories().contains("item")) {
      skip();
    } else {
      attribute = attribute();
    }
    expect(")");
    return attribute;
  }

  private String attribute() {
    Token token = peek();
    if (!categories().contains(token.text())) {
      throw error(
          token,
          "an item attribute of type string or strings: "
              + NearestName.expectation(token.text(), categories()));
    }
    skip();
    return token.text();
  }

  private List<String> categories() {
    return FeaturesReader.categories(schema.itemAttributes());
  }

  private Against against() {
    Token token = peek();
    skip();
    return switch (token.text()) {
      case "catalogue" -> Against.CATALOGUE;
      case "merit" -> Against.MERIT;
      default -> throw error(token, "catalogue or merit");
    };
  }

  private Measure measure() {
    Token token = peek();
    boolean event = schema.events().containsKey(token.text());
    if (token.is("slates") && !event) {
      skip();
      return new Measure.Slates();
    }
    if (token.is("worth") && !event) {
      skip();
      return new Measure.Worth();
    }
    if (token.kind() == Kind.NAME && !isEvent(token.text())) {
      List<String> known = new ArrayList<>(List.of("slates", "worth"));
      known.addAll(eventTypes());
      throw error(token, "a measure: " + NearestName.expectation(token.text(), known));
    }
    return filterOrValues(Measure.Count::new, Measure.Sum::new);
  }

  /** {@code watch.value >= 30} counts events, {@code watch.value} sums values. */
  private <T> T filterOrValues(Function<EventFilter, T> counted, Function<EventFilter, T> summed) {
    String type = type();
    if (!peek().is(".")) {
      return counted.apply(new EventFilter(type, where(type)));
    }
    value(type);
    return peek().kind() == Kind.SYMBOL && !peek().is(")") && !peek().is(",")
        ? counted.apply(new EventFilter(type, comparison()))
        : summed.apply(new EventFilter(type, where(type)));
  }
}
