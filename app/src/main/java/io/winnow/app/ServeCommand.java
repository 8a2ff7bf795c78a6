package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.serving.http.HttpConfig;
import io.winnow.serving.http.HttpServer;
import io.winnow.serving.http.Scope;
import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow serve}: answers over HTTP until it is stopped. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "Serves events, items, users and recommendations over HTTP until it is stopped.",
      "Without a release it trains one if the log holds enough, and serves popular and new items until then."
    })
final class ServeCommand implements Callable<Integer> {
  /** API keys that stay off the command line. */
  static final String KEYS_VARIABLE = "WINNOW_KEYS";

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--host",
      description =
          "Address to listen on (default: ${DEFAULT-VALUE}); others than loopback need keys.")
  private String host = HttpConfig.DEFAULT.host();

  @Option(names = "--port", description = "Port, 0 for any free one (default: ${DEFAULT-VALUE}).")
  private int port = HttpConfig.DEFAULT.port();

  @Option(
      names = "--key",
      paramLabel = "KEY=SCOPES",
      description =
          "An API key and its scopes (read, write, admin), such as s3cret-key=read,write. Repeatable."
              + " Others see a command line: the variable WINNOW_KEYS takes the same, separated by"
              + " ';'.")
  private Map<String, String> keys = new LinkedHashMap<>();

  @Option(
      names = "--no-training",
      description = "Do not train a first release; serve what there is.")
  private boolean noTraining;

  ServeCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter err = spec.commandLine().getErr();
    ConsoleProgress progress = new ConsoleProgress(err);
    HttpConfig config = new HttpConfig(host, port, scopes(allKeys()), HttpConfig.Limits.DEFAULT);
    ApplicationFile application = data.application(environment);
    CountDownLatch stopped = new CountDownLatch(1);
    try (Node node =
            Node.open(
                data.folder(),
                application,
                TimeSource.system(),
                new Node.Options(environment, true, List.of()));
        JobService _ = node.startJobs(JobService.Options.server(node, environment, !noTraining));
        HttpServer server = node.serve(config, Map.of())) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> close(server, node, stopped)));
      progress.line(
          "%s: %,d items, release %s"
              .formatted(
                  application.definition().name(),
                  node.store().catalog().size(),
                  node.pipeline().release()));
      progress.line("listening on " + server.uri() + " (interface: " + server.uri() + "/docs)");
      if (!noTraining && node.hasNoRelease()) {
        progress.line(
            "no release yet: one is trained as soon as the log holds enough ('winnow jobs list')");
      }
      stopped.await();
    }
    return ExitCode.OK.value();
  }

  private static void close(HttpServer server, Node node, CountDownLatch stopped) {
    server.close();
    node.close();
    stopped.countDown();
  }

  /** Those of the command line and those of the environment. */
  private Map<String, String> allKeys() {
    Map<String, String> all = new LinkedHashMap<>(keys);
    for (String entry : environment.getOrDefault(KEYS_VARIABLE, "").split(";", -1)) {
      int split = entry.lastIndexOf('=');
      if (!entry.isBlank() && split < 1) {
        // The entry itself stays out of the message: it is a secret.
        throw WinnowException.invalid(
            KEYS_VARIABLE, "an entry without '='", "KEY=SCOPES entries, separated by ';'");
      }
      if (split > 0) {
        all.put(entry.substring(0, split).strip(), entry.substring(split + 1));
      }
    }
    return all;
  }

  private static Map<String, Set<Scope>> scopes(Map<String, String> keys) {
    Map<String, Set<Scope>> scopes = new LinkedHashMap<>();
    keys.forEach((key, names) -> {
      Set<Scope> set = EnumSet.noneOf(Scope.class);
      for (String name : names.split(",", -1)) {
        try {
          set.add(Scope.valueOf(name.strip().toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException e) {
          throw WinnowException.invalid("--key", name, "read, write or admin");
        }
      }
      scopes.put(key, set);
    });
    return scopes;
  }
}
