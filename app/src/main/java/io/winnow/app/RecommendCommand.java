package io.winnow.app;

import io.winnow.core.AttributeValue;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.features.Catalog;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Slate;
import io.winnow.serving.SlateItem;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow recommend}: one slate on the terminal, with reasons. */
@Command(
    name = "recommend",
    mixinStandardHelpOptions = true,
    description = {
      "Recommends items to one user, with the reason for each; impressions are logged as in serving.",
      "The data folder must not be in use by a server: ask that over HTTP."
    })
final class RecommendCommand implements Callable<Integer> {
  /** Nobody waits for the first request of a cold process. */
  private static final Duration COLD_DEADLINE = Duration.ofSeconds(10);

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--user", required = true, description = "The user's id.")
  private String user = "";

  @Option(
      names = {"-n", "--count"},
      description = "How many items (default: ${DEFAULT-VALUE}).")
  private int n = 10;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  RecommendCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (Node node = Node.open(data.folder(), data.application(environment), TimeSource.system())) {
      Slate slate =
          node.pipeline()
              .recommend(
                  new RecommendationRequest(
                      UUID.randomUUID().toString(),
                      new UserId(user),
                      n,
                      "terminal",
                      Map.of(),
                      Set.of(),
                      Map.of(),
                      COLD_DEADLINE));
      if (json) {
        out.println(Json.write(slate));
      } else {
        out.printf("release %s%n", slate.release());
        for (SlateItem item : slate.items()) {
          out.printf(
              "%3d  %-50s %8.4f  %s%n",
              item.position() + 1,
              describe(node.store().catalog(), item),
              item.score(),
              item.reason());
        }
        slate.degraded().forEach(degradation -> out.println("degraded: " + degradation));
      }
    }
    return ExitCode.OK.value();
  }

  private static String describe(Catalog catalog, SlateItem item) {
    String attributes =
        catalog.attributes(catalog.indexOf(item.item())).entrySet().stream()
            .sorted(Map.Entry.comparingByKey(java.util.Comparator.reverseOrder()))
            .map(Map.Entry::getValue)
            .filter(AttributeValue.Text.class::isInstance)
            .map(value -> ((AttributeValue.Text) value).value())
            .collect(Collectors.joining(", "));
    String text = attributes.isEmpty() ? item.item().value() : item.item() + " " + attributes;
    return text.length() > 50 ? text.substring(0, 49) + "…" : text;
  }
}
