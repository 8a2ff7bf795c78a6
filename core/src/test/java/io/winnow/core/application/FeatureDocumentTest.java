package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The reference of the language shows what the language takes. */
final class FeatureDocumentTest {
  private static final Path DOCUMENT = Path.of("..", "docs", "features.md");

  @Test
  void example_isReadAndShowsEveryAggregationAndKindOfEntity() throws Exception {
    String text = Files.readString(DOCUMENT);
    int begin = text.indexOf("```yaml\n") + "```yaml\n".length();
    String yaml = text.substring(begin, text.indexOf("```\n", begin));
    List<FeatureDefinition> features =
        ApplicationFile.parse(yaml, "features.md", Map.of()).definition().features();

    Set<Class<?>> shown = new HashSet<>();
    Set<String> kinds = new TreeSet<>();
    for (FeatureDefinition feature : features) {
      shown.add(feature.aggregation().getClass());
      kinds.add(
          feature.entity() instanceof Entity.Keys(Entity.Key user, Entity.Key item)
              ? user.getClass().getSimpleName() + " " + item.getClass().getSimpleName()
              : "request");
    }
    assertEquals(Set.of(Aggregation.class.getPermittedSubclasses()), shown);
    assertEquals(9, kinds.size(), kinds.toString());
  }

  @Test
  void bounds_areThoseOfTheReaders() throws Exception {
    String text = Files.readString(DOCUMENT);
    for (String bound :
        List.of(
            "from " + Durations.format(ExpressionParser.WINDOW_MIN),
            "to " + Durations.format(ExpressionParser.WINDOW_MAX),
            "up to " + ExpressionParser.MAX_WINDOWS + " windows",
            "(1 to " + ExpressionParser.LAST_MAX + ")",
            "At most " + Durations.format(FeatureStoreReader.TTL_MAX),
            String.format(Locale.ROOT, "%,d", FeatureStoreReader.MAX_KEYS),
            Durations.format(FeatureStorePolicy.View.DEFAULT.ttl()) + " if absent",
            FeatureStorePolicy.View.DEFAULT.maxKeys() + " if absent",
            "port is " + EnginesReader.REDIS_PORT)) {
      assertTrue(text.contains(bound), bound);
    }
  }
}
