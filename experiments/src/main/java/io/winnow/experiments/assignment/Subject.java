package io.winnow.experiments.assignment;

import io.winnow.core.AttributeValue;
import io.winnow.core.UserId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is assigned: a request of a user.
 *
 * @param surface where it is made; may be empty
 * @param context the request's fields; {@code session} names the session
 * @param attributes the user's, as far as they were put; null if they could not be read: then the
 *     user is in no experiment that looks at them. Not to be changed
 * @param timeMs when it is made, epoch milliseconds
 */
public record Subject(
    UserId user,
    String surface,
    Map<String, String> context,
    @Nullable Map<String, AttributeValue> attributes,
    long timeMs) {
  /** The field of the context that names the session. */
  public static final String SESSION = "session";

  /** The same with what could be read of the user; null if it could not. */
  public Subject with(@Nullable Map<String, AttributeValue> known) {
    return new Subject(user, surface, context, known, timeMs);
  }
}
