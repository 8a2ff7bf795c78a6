package io.winnow.app;

import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.application.ApplicationFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow features apply}: another application file for a running server. */
@Command(
    name = "apply",
    mixinStandardHelpOptions = true,
    description = {
      "Puts another application file in place in a running server and says what it changes.",
      "Features that are added or changed are computed over the whole log while it serves on: see 'winnow features status'."
    })
final class FeaturesApplyCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ServerOptions server = new ServerOptions();

  @Option(
      names = "--app",
      paramLabel = "FILE",
      required = true,
      description = "The application file.")
  private Path app = Path.of(ApplicationFile.NAME);

  @Option(names = "--json", description = "Print the server's answer.")
  private boolean json;

  FeaturesApplyCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    // Read here first: problems come with their lines.
    JsonNode answer =
        server.putYaml("/v1/application", ApplicationFile.read(app, environment).text());
    if (json) {
      out.println(answer);
      return ExitCode.OK.value();
    }
    for (JsonNode feature : answer.path("added")) {
      out.println("added    " + line(feature));
    }
    for (JsonNode feature : answer.path("changed")) {
      out.println(
          "changed  %s%n         was %s  %s"
              .formatted(
                  line(feature),
                  feature.path("version_before").asText(),
                  feature.path("definition_before").asText()));
    }
    for (JsonNode feature : answer.path("removed")) {
      out.println("removed  " + line(feature));
    }
    out.println(
        answer.path("backfill").asBoolean()
            ? "the features are being computed: see 'winnow features status'"
            : "nothing has to be computed");
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
