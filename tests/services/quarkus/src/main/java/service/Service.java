// SPDX-License-Identifier: EUPL-1.2
package service;

import io.quarkus.oidc.UserInfo;
import io.quarkus.security.Authenticated;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;

@Path("/")
public class Service {
    @Inject
    UserInfo person;

    @GET
    @Authenticated
    public String person() {
        return person.getUserInfoString();
    }

    @GET
    @Path("out")
    public String out() {
        return "out";
    }
}
