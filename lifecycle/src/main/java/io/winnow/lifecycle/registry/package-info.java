/**
 * The registry: which releases there are, what they are called, what serves, what served when and
 * why. Kept in a database: one in a file for a single server, PostgreSQL for several.
 */
@NullMarked
package io.winnow.lifecycle.registry;

import org.jspecify.annotations.NullMarked;
