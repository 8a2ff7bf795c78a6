package io.winnow.app;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow features status}: what a running server holds and computes. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Shows the features of a running server and how far their computation is.")
final class FeaturesStatusCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ServerOptions server = new ServerOptions();

  @Option(names = "--json", description = "Print the server's answer.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    JsonNode answer = server.get("/v1/application");
    if (json) {
      out.println(answer);
      return ExitCode.OK.value();
    }
    for (JsonNode feature : answer.path("features")) {
      out.println((feature.path("ready").asBoolean() ? "ready    " : "waiting  ") + line(feature));
    }
    for (JsonNode feature : answer.path("also_held")) {
      out.println("held     " + line(feature));
    }
    JsonNode backfill = answer.path("backfill");
    out.println(
        switch (backfill.path("state").asText()) {
          case "running" ->
              "computing: %,d of %,d records, %s"
                  .formatted(
                      backfill.path("records_done").asLong(),
                      backfill.path("records_total").asLong(),
                      backfill.path("seconds_left").isNumber()
                          ? "%.0f s left".formatted(backfill.path("seconds_left").asDouble())
                          : "time left not known yet");
          case "failed" -> "failed: " + backfill.path("reason").asText();
          default -> "idle";
        });
    return ExitCode.OK.value();
  }

  private static String line(JsonNode feature) {
    return "%s  %s  %s"
        .formatted(
            feature.path("name").asText(),
            feature.path("version").asText(),
            feature.path("definition").asText());
  }
}
