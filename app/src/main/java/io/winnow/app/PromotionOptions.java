package io.winnow.app;

import io.winnow.app.PromotionGate.Promotion;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of every command that makes a release the active one. */
final class PromotionOptions {
  @Option(
      names = "--force",
      paramLabel = "REASON",
      description = {
        "Activate it although the audit of served features found too many mismatches;",
        "the reason is logged."
      })
  private @Nullable String force;

  Promotion promotion() {
    return force == null ? Promotion.AUDITED : Promotion.forced(force);
  }
}
