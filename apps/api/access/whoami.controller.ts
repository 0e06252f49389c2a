import { Controller, Get, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { isAllowed, permission, type api } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { sessionOf } from '#libs/nest/index.js';

@Controller('api/whoami')
export class WhoAmIController {
  @Get()
  whoAmI(@Req() request: FastifyRequest): z.infer<typeof api.whoAmI> {
    const { identity, expiresAt } = sessionOf(request);
    return {
      actor: identity.actor,
      roles: [...identity.roles],
      permissions: permission.options.filter((each) => isAllowed(identity, each)),
      authentication: expiresAt === null ? 'none' : 'token',
      expires_at: expiresAt === null ? null : isoTime(expiresAt),
    };
  }
}
